import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import { loadAuditKey } from "../../src/store/audit-key.ts";
import { makeSecretBox } from "../../src/store/secret-box.ts";
import {
	createToken,
	ensureInitToken,
	findToken,
	listTokens,
	revokeToken,
	type TokenStore,
} from "../../src/store/tokens.ts";
import { at, openShelf, type Shelf, T0 } from "./shelf.ts";

let shelf: Shelf;
let store: TokenStore;
beforeAll(async () => {
	shelf = await openShelf();
	store = { db: shelf.db, auditKey: shelf.auditKey, now: () => T0 };
});
afterAll(() => shelf.close());

/** Everything that the database holds, as text and as bytes in hex. */
async function dump(): Promise<string> {
	const tables: { name: string }[] = await shelf.db.query(
		"SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
	);
	const texts = await Promise.all(tables.map(({ name }) => shelf.db.query(`SELECT t::text FROM "${name}" AS t`)));
	return JSON.stringify(texts);
}

describe("a token", () => {
	const api = (name: string, more: { email?: string; expiresAt?: Date } = {}) =>
		createToken(store, {
			...{ name, may: { role: "operator" }, email: null, expiresAt: null, actor: SYSTEM_ACTOR, ...more },
		});

	test("is found by its plain text, of which the database has the hash alone", async () => {
		const { row, plain } = await api("ci");
		expect(plain).toMatch(/^drv_[\w-]{43}$/);
		expect(await findToken(shelf.db, plain, T0)).toEqual(row);
		expect(await findToken(shelf.db, `${plain}x`, T0)).toBeNull();
		expect(await findToken(shelf.db, "", T0)).toBeNull();
		const everything = await dump();
		expect(everything).not.toContain(plain);
		expect(everything).not.toContain(Buffer.from(plain).toString("hex"));
		expect(everything).toContain(createHash("sha256").update(plain).digest("hex"));
	});

	test("ends at its time", async () => {
		const { plain } = await api("short", { expiresAt: at(1_000) });
		expect(await findToken(shelf.db, plain, at(999))).not.toBeNull();
		expect(await findToken(shelf.db, plain, at(1_000))).toBeNull();
	});

	test("revoked is not found any more; said twice it is on the trail once", async () => {
		const { row, plain } = await api("gone");
		expect(await revokeToken(store, row.id, SYSTEM_ACTOR)).toBe(true);
		expect(await findToken(shelf.db, plain, T0)).toBeNull();
		expect(await revokeToken(store, row.id, SYSTEM_ACTOR)).toBe(true);
		expect(await revokeToken(store, shelf.projectId, SYSTEM_ACTOR)).toBe(false);
		const entries = await shelf.db.query(
			"SELECT action FROM audit_entry WHERE entry::jsonb #>> '{data,token}' = $1 ORDER BY seq",
			[row.id],
		);
		expect(entries).toEqual([{ action: "token.created" }, { action: "token.revoked" }]);
	});

	test("of one address belongs to one person, of no address to nobody else", async () => {
		const [one, two] = [await api("a", { email: "ada@acme.test" }), await api("b", { email: "ada@acme.test" })];
		expect(one.row.personId).toBe(two.row.personId);
		expect((await api("c")).row.personId).not.toBe((await api("c")).row.personId);
	});

	test("of a runner has no role, and may be of one integration", async () => {
		const { row } = await createToken(store, {
			...{ name: "r", may: { runnerOf: shelf.integrationId }, email: null, expiresAt: null, actor: SYSTEM_ACTOR },
		});
		expect(row).toMatchObject({ kind: "runner", role: null, integrationId: shelf.integrationId });
		expect((await listTokens(shelf.db)).map(({ id }) => id)).toContain(row.id);
	});
});

describe("the first token, from the environment", () => {
	const init = (plain: string) => ensureInitToken(store, plain, SYSTEM_ACTOR);
	const [first, second] = ["drv_first".padEnd(40, "1"), "drv_second".padEnd(40, "2")];

	test("is made once by two replicas that start together, and kept by the next start", async () => {
		expect((await Promise.all([init(first), init(first)])).sort()).toEqual(["kept", "made"]);
		expect(await init(first)).toBe("kept");
		expect(await findToken(shelf.db, first, T0)).toMatchObject({ name: "init", role: "admin" });
	});

	test("with another value ends the one before, and is the same person", async () => {
		const before = await findToken(shelf.db, first, T0);
		expect(await init(second)).toBe("made");
		expect(await findToken(shelf.db, first, T0)).toBeNull();
		expect((await findToken(shelf.db, second, T0))?.personId).toBe(before?.personId);
	});

	test("that somebody revoked is not brought back to life by a restart", async () => {
		const row = await findToken(shelf.db, second, T0);
		await revokeToken(store, row?.id ?? "", SYSTEM_ACTOR);
		expect(await init(second)).toBe("revoked");
		expect(await init(first)).toBe("revoked");
		expect(await findToken(shelf.db, second, T0)).toBeNull();
	});
});

describe("a secret box", () => {
	const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];

	test("opens what it sealed, and never seals the same twice alike", () => {
		const box = makeSecretBox([newKey]);
		fc.assert(
			fc.property(fc.string({ unit: "grapheme" }), fc.string(), (plain, context) => {
				const sealed = box.seal(context, plain);
				expect(box.open(context, sealed)).toBe(plain);
				expect(sealed).not.toBe(box.seal(context, plain));
				if (plain.length > 8) expect(Buffer.from(sealed.split(":")[2] ?? "", "base64").includes(plain)).toBe(false);
			}),
		);
	});

	test("does not open it in another place, by another key, or changed by one bit", () => {
		const box = makeSecretBox([newKey]);
		const sealed = box.seal("integration:web", "hunter2");
		expect(() => box.open("integration:api", sealed)).toThrow();
		const otherKey = () => makeSecretBox([oldKey]).open("integration:web", sealed);
		expect(otherKey).toThrow("sealed with another key: start with the DRAVEN_SECRET_KEY");
		const [prefix, id, text = ""] = sealed.split(":");
		const bytes = Buffer.from(text, "base64");
		for (let at = 0; at < bytes.length; at++) {
			const changed = Buffer.from(bytes);
			changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
			expect(() => box.open("integration:web", [prefix, id, changed.toString("base64")].join(":"))).toThrow();
		}
		for (const broken of ["", "v1", "v2:a:b", `v1:${id}:`, `v1:${id}:AAAA`])
			expect(() => box.open("x", broken)).toThrow();
	});

	test("with a new key before the old one opens both, and says what is to be sealed again", () => {
		const sealed = makeSecretBox([oldKey]).seal("c", "plain");
		const rotated = makeSecretBox([newKey, oldKey]);
		expect(rotated.open("c", sealed)).toBe("plain");
		expect(rotated.isStale(sealed)).toBe(true);
		const again = rotated.seal("c", "plain");
		expect(rotated.isStale(again)).toBe(false);
		expect(makeSecretBox([newKey]).open("c", again)).toBe("plain");
	});
});

describe("the key of the audit trail", () => {
	const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];

	test("is the same for all that start at once, and is not in the database as it is", async () => {
		const keys = await Promise.all(Array.from({ length: 5 }, () => loadAuditKey(shelf.db, makeSecretBox([oldKey]))));
		expect(new Set(keys.map((key) => key.toString("hex"))).size).toBe(1);
		expect(keys[0]).toHaveLength(32);
		const everything = await dump();
		for (const form of ["hex", "base64"] as const) expect(everything).not.toContain(keys[0]?.toString(form));
	});

	test("outlives a change of the secret key, and is not there for a foreign one", async () => {
		const before = await loadAuditKey(shelf.db, makeSecretBox([oldKey]));
		await expect(loadAuditKey(shelf.db, makeSecretBox([newKey]))).rejects.toThrow("sealed with another key");
		expect(await loadAuditKey(shelf.db, makeSecretBox([newKey, oldKey]))).toEqual(before);
		expect(await loadAuditKey(shelf.db, makeSecretBox([newKey]))).toEqual(before);
	});
});
