import { randomBytes } from "node:crypto";
import type { Sql } from "./runs.ts";
import type { SecretBox } from "./secret-box.ts";

const NAME = "audit_key";

/**
 * The key of the audit hashes: made once, kept sealed in the database, so that every replica has the same and the database alone
 * does not give it away. Throws when the secret key is not the one that it was sealed with.
 */
export async function loadAuditKey(sql: Sql, box: SecretBox): Promise<Buffer> {
	// Two first starts at once: the first row stays, and both read it.
	const made = box.seal(NAME, randomBytes(32).toString("base64"));
	await sql.query("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", [NAME, made]);
	const rows: { value: string }[] = await sql.query("SELECT value FROM setting WHERE name = $1", [NAME]);
	const sealed = rows[0]?.value ?? "";
	const plain = box.open(NAME, sealed);
	if (box.isStale(sealed))
		await sql.query("UPDATE setting SET value = $3 WHERE name = $1 AND value = $2", [
			NAME,
			sealed,
			box.seal(NAME, plain),
		]);
	return Buffer.from(plain, "base64");
}
