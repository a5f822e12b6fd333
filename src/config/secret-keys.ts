import { type Get, wrong } from "./variables.ts";

const MAKE_A_KEY = "32 bytes in base64; make one with `openssl rand -base64 32`";

export function readSecretKeys(get: Get, required: boolean): readonly Buffer[] | null {
	const text = get("DRAVEN_SECRET_KEY");
	if (text === null) {
		if (required)
			wrong("DRAVEN_SECRET_KEY", `is missing: with DATABASE_URL it has to be ${MAKE_A_KEY}, and keep it safe`);
		return null;
	}
	const keys = text.split(",").map((part, index) => {
		const key = readKey(part);
		return key ?? wrong("DRAVEN_SECRET_KEY", `is malformed (key ${index + 1}): it has to be ${MAKE_A_KEY}`);
	});
	return Object.freeze(keys);
}

/** Null when it is not exactly 32 bytes in base64 (plain or URL-safe, padded or not): Node's own reader forgives anything. */
export function readKey(text: string): Buffer | null {
	const plain = text.trim();
	if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(plain)) return null;
	const key = Buffer.from(plain, "base64");
	return key.length === 32 ? key : null;
}
