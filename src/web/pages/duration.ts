const UNITS = [
	["d", 86_400],
	["h", 3_600],
	["min", 60],
	["s", 1],
] as const;

/** Seconds as people say them, its two largest units: `1 h 12 min`. */
export function spoken(seconds: number | null): string {
	if (seconds === null) return "–";
	let rest = Math.round(seconds);
	const parts: string[] = [];
	for (const [unit, size] of UNITS) {
		const count = Math.floor(rest / size);
		rest -= count * size;
		if (count > 0 || (parts.length > 0 && parts.length < 2 && rest > 0)) parts.push(`${count} ${unit}`);
		if (parts.length === 2) break;
	}
	return parts.length === 0 ? "0 s" : parts.join(" ");
}
