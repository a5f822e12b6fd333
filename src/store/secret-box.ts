import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";

/**
 * Seals what is secret at rest: AES-256-GCM, a fresh nonce each time, bound to what it belongs to (`context`), so that a sealed text
 * moved to another row does not open. Several keys: the first seals, all open (`DRAVEN_SECRET_KEY`, rotation).
 */
export interface SecretBox {
	seal(context: string, plain: string): string;
	/** Throws one sentence when no key opens it. */
	open(context: string, sealed: string): string;
	/** True when it was sealed with a key that is not the first: seal it again. */
	isStale(sealed: string): boolean;
}

const PREFIX = "v1";

export function makeSecretBox(keys: readonly Buffer[]): SecretBox {
	const derived = keys.map((key) => ({
		id: createHash("sha256").update(key).digest("hex").slice(0, 8),
		key: Buffer.from(hkdfSync("sha256", key, Buffer.alloc(0), "draven secret box", 32)),
	}));
	const [first] = derived;
	if (first === undefined) throw new Error("A secret box needs at least one key.");

	return {
		seal(context, plain) {
			const nonce = randomBytes(12);
			const cipher = createCipheriv("aes-256-gcm", first.key, nonce).setAAD(Buffer.from(context));
			const body = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
			return [PREFIX, first.id, Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64")].join(":");
		},
		open(context, sealed) {
			const [prefix, id, text] = sealed.split(":");
			const found = derived.find((entry) => entry.id === id);
			if (prefix !== PREFIX || text === undefined || found === undefined)
				throw new Error(
					"A stored secret was sealed with another key: start with the DRAVEN_SECRET_KEY that this database was first used with (old keys may follow the new one, comma-separated).",
				);
			const bytes = Buffer.from(text, "base64");
			const decipher = createDecipheriv("aes-256-gcm", found.key, bytes.subarray(0, 12))
				.setAAD(Buffer.from(context))
				.setAuthTag(bytes.subarray(12, 28));
			try {
				return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
			} catch (error) {
				throw new Error("A stored secret was changed, or belongs to another place: apply the configuration again.", {
					cause: error,
				});
			}
		},
		isStale: (sealed) => sealed.split(":")[1] !== first.id,
	};
}
