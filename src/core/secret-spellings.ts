/** A shorter one would blot out ordinary words, and is none. */
const SHORTEST = 6;
/** Lines of a secret of several lines that are secrets by themselves: `}` and the like are not. */
const SHORTEST_LINE = 16;

/** As which texts a secret may stand in a log, beside itself: see also `unescaped`. `plain`: takes out what is not seen. */
export function spellings(secrets: readonly string[], plain: (text: string) => string): string[] {
	const whole = secrets
		.flatMap((secret) => [secret, ...encoded(secret)])
		.map(plain)
		.filter((one) => one.length >= SHORTEST);
	const parts = secrets
		.flatMap((secret) => secret.split(/\r?\n/))
		.map(plain)
		.filter((line) => line.length >= SHORTEST_LINE);
	return [...new Set([...whole, ...parts])];
}

function encoded(secret: string): string[] {
	const bytes = Array.from(new TextEncoder().encode(secret));
	const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
	const base64 = [toBase64(bytes), ...[0, 1, 2].map((before) => base64Within(bytes, before))];
	return [hex, hex.toUpperCase(), ...base64, ...base64.map((text) => text.replace(/\+/g, "-").replace(/\//g, "_"))];
}

/** What is the same in base64 whatever comes before and after, where so many bytes (modulo 3) come before. */
function base64Within(bytes: readonly number[], before: number): string {
	const text = toBase64([...Array.from({ length: before }, () => 0), ...bytes]);
	const ends = (before + bytes.length) % 3 === 0 ? text.length : text.length - 1;
	return text.slice([0, 2, 3][before], ends);
}

function toBase64(bytes: readonly number[]): string {
	return btoa(bytes.map((byte) => String.fromCharCode(byte)).join("")).replace(/=+$/, "");
}
