const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `15m`, `4h`, `7d` in milliseconds; null: it is none of these, or longer than a year. */
export function parseDuration(text: string): number | null {
	const match = /^(\d{1,9})([smhd])$/.exec(text);
	if (match === null) return null;
	const ms = Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
	return ms > 0 && ms <= 366 * UNITS.d ? ms : null;
}

/** For people: the two largest units that are there, `1h 30m`. */
export function formatDuration(ms: number): string {
	let rest = Math.max(0, Math.round(ms / 1_000)) * 1_000;
	const parts: string[] = [];
	for (const unit of ["d", "h", "m", "s"] as const) {
		const count = Math.floor(rest / UNITS[unit]);
		rest -= count * UNITS[unit];
		if (count > 0) parts.push(`${count}${unit}`);
	}
	return parts.slice(0, 2).join(" ") || "0s";
}
