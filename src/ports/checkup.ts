/** One thing that `draven doctor` looked at. */
export interface Finding {
	/** What was looked at: `Slack token`, `GitHub acme-github: repository acme/web` … */
	readonly check: string;
	/** `warning`: it works, and something is missing that people will miss. */
	readonly state: "ok" | "warning" | "wrong";
	/** What was found, one sentence. */
	readonly found: string;
	/** What to do about it; null when it is ok. */
	readonly mend: string | null;
}

export function fine(check: string, found: string): Finding {
	return { check, state: "ok", found, mend: null };
}

export function wrong(check: string, found: string, mend: string): Finding {
	return { check, state: "wrong", found, mend };
}

export function warning(check: string, found: string, mend: string): Finding {
	return { check, state: "warning", found, mend };
}
