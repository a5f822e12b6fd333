/** One thing that `draven doctor` or `draven integration check` looked at. */
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

/** A project, as far as a check-up of its integration cares. */
export interface ExaminedProject {
	readonly slug: string;
	readonly repository: string;
	readonly pipeline: string;
	readonly defaultRef: string;
}

/** Where a provider shall send its webhooks, and what signs them. */
export interface WantedWebhook {
	/** `PUBLIC_URL/webhooks/<provider>/<integration slug>` */
	readonly url: string;
	/** null: the integration has none, so every delivery would be refused. */
	readonly secret: string | null;
}

/** A delivery, as its provider names it. */
export interface DeliveryRef {
	readonly hook: string;
	readonly delivery: string;
}

/** A webhook that a provider sent, or tried to send. */
export interface SentDelivery {
	readonly ref: DeliveryRef;
	/** The same for all tries of one delivery. */
	readonly same: string;
	/** What it tells of, as the provider calls it. */
	readonly event: string;
	/** null: the provider does not say. */
	readonly at: Date | null;
	/** The status that it was answered with, or why it was not. */
	readonly answer: string;
	/** It was answered with success. */
	readonly taken: boolean;
}

/** What a provider sent to us, and may send again. Throws VendorError, which says what credentials lack. */
export interface DeliveriesPort {
	/** The last ones that a project's webhooks sent to `url`. */
	last(project: ExaminedProject, url: string): Promise<readonly SentDelivery[]>;
	/** Sends one of these again; how it was answered, null: that is known later. */
	sendAgain(project: ExaminedProject, ref: DeliveryRef): Promise<string | null>;
}

/**
 * What an adapter of a pipeline provider gives to check-ups: `new GitHubCheckup(options)`, made in src/make-checkup.ts beside the
 * others, and used by `draven doctor`, `draven integration check` and `draven integration check --fix`.
 */
export interface CheckupPort {
	/** null: this provider tells nobody what it sent, and sends nothing again. */
	readonly deliveries: DeliveriesPort | null;
	/**
	 * Looks at all that runs need at the provider: credentials and their scopes, each project's repository, its pipeline file, and
	 * whether a webhook is there, points at `webhook.url`, hears of runs and is signed. Changes nothing. Throws nothing but bugs: what
	 * the provider refuses is a finding. A missing webhook is a warning, because runs are polled without it.
	 */
	examine(projects: readonly ExaminedProject[], webhook: WantedWebhook): Promise<readonly Finding[]>;
	/**
	 * Makes sure that the project's repository sends the events of runs to `webhook.url`, signed with `webhook.secret`. Once is as good
	 * as twice: a webhook at this very address is `present` when nothing is wrong with it as far as the provider tells, and `mended`
	 * otherwise; others are left alone. Throws VendorError; `unauthorized` says in its sentence which scope or role the credentials lack.
	 */
	ensureWebhook(
		project: ExaminedProject,
		webhook: WantedWebhook & { readonly secret: string },
	): Promise<"present" | "created" | "mended">;
}
