import { randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { openDataSource } from "../../src/store/data-source.ts";
import { createTestDatabase } from "../support/database.ts";
import { draven, type Ended } from "../support/draven.ts";

/** What commands print, for people and as JSON, on a database of their own. */

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let variables: Record<string, string>;
beforeAll(async () => {
	database = await createTestDatabase();
	variables = {
		...{ DATABASE_URL: database.url, DRAVEN_SECRET_KEY: randomBytes(32).toString("base64") },
		DRAVEN_DATA_DIR: `/nonexistent-${randomUUID()}`,
	};
});
afterAll(() => database.drop());

const call = (...args: string[]): Promise<Ended> => draven(args, variables);
const json = ({ stdout }: Ended) => JSON.parse(stdout) as Record<string, unknown>;

test("the version is the one of the package", async () => {
	const { version } = JSON.parse(
		await readFile(fileURLToPath(new URL("../../../package.json", import.meta.url)), "utf8"),
	) as { version: string };
	expect(await call("--version")).toMatchObject({ code: 0, stdout: `${version}\n` });
});

test("one is one: an entry, a chain", async () => {
	const made = json(await call("token", "create", "--name", "ci", "--role", "viewer", "--json"));
	const verified = await call("audit", "verify");
	expect(verified).toMatchObject({
		code: 0,
		stdout: "The audit trail is whole: 1 entry in 1 chain, no checkpoints yet.\n",
	});
	const revoked = await call("token", "revoke", String(made["id"]), "--json");
	expect([revoked.code, json(revoked)]).toEqual([0, { id: made["id"], revoked: true }]);
	expect((await call("audit", "verify")).stdout).toContain("2 entries in 1 chain,");
});

test("a token is made for some places; the list says which", async () => {
	const places = ["--projects", "web, shop-*", "--environments", "stage,demo"];
	const made = json(await call("token", "create", "--name", "some", "--role", "operator", ...places, "--json"));
	expect(made).toMatchObject({ projects: ["web", "shop-*"], environments: ["stage", "demo"] });
	expect((await call("token", "list")).stdout).toContain("some (web,shop-* / stage,demo)\n");
	const half = json(await call("token", "create", "--name", "half", "--role", "viewer", "--projects", "web", "--json"));
	expect(half).toMatchObject({ projects: ["web"], environments: ["*"] });
	const create = (...args: string[]) => call("token", "create", "--name", "x", ...args);
	expect(await create("--role", "viewer", "--projects", "a,,b")).toMatchObject({ code: 2 });
	expect(await create("--runner", "--projects", "a")).toMatchObject({ code: 2 });
}, 30_000);

test("a person is linked, as JSON", async () => {
	const db = await openDataSource(database.url, { poolSize: 1 });
	const id = randomUUID();
	await db.query("INSERT INTO person (id, name) VALUES ($1, 'Ann')", [id]);
	await db.destroy();
	const linked = await call("person", "link", id, "--email", "Ann@Acme.test", "--json");
	expect([linked.code, json(linked)]).toEqual([
		0,
		{
			person: { id, name: "Ann" },
			identity: { platform: "email", tenant: "", externalId: "ann@acme.test", email: "ann@acme.test" },
			movedFrom: null,
		},
	]);
});

describe("an apply that is refused", () => {
	const apply = (file: string, ...more: string[]) => draven(["apply", "-f", "-", ...more], variables, file);

	test("says why as JSON, whether the file is wrong or cannot be carried out", async () => {
		const wrong = await apply("version: 1\nprojets: []\n", "--json");
		expect([wrong.code, json(wrong)]).toEqual([1, { applied: false, problems: [expect.stringContaining("projets")] }]);
		expect(wrong.stderr).toBe("");
	});

	test("says why to people", async () => {
		const wrong = await apply("version: 1\nprojets: []\n");
		expect(wrong).toMatchObject({ code: 1, stdout: "" });
		expect(wrong.stderr).toMatch(/^- was not applied; nothing was changed:\n {2}.*projets/);
	});
});

describe("an export", () => {
	test("says on the side that the sample is not part of it, where there is one", async () => {
		const none = await call("export");
		expect(none).toMatchObject({ code: 0, stdout: "version: 1\n", stderr: "" });
		const db = await openDataSource(database.url, { poolSize: 1 });
		await db.query(
			"INSERT INTO integration (id, slug, provider, managed_by) VALUES (gen_random_uuid(), 'sample', 'runner', 'sample')",
		);
		await db.query(
			`INSERT INTO project (id, slug, name, integration_id, repository, pipeline, default_ref, managed_by)
			 SELECT gen_random_uuid(), 'shop', 'Shop', id, 'r', 'p', 'main', 'sample' FROM integration`,
		);
		await db.destroy();
		expect(await call("export")).toMatchObject({
			...{ code: 0, stdout: "version: 1\n", stderr: "The sample of local mode is not part of it.\n" },
		});
	});
});

/** Aliases that name aliases: a kilobyte that would be gigabytes. */
function bomb(): string {
	const levels = ["a: &a [x,x,x,x,x,x,x,x,x]"];
	for (const [one, before] of ["ba", "cb", "dc", "ed", "fe", "gf", "hg", "ih"].map((pair) => pair.split("")))
		levels.push(`${one}: &${one} [${Array(9).fill(`*${before}`).join(",")}]`);
	return `version: 1\n${levels.join("\n")}\nprojects: *i\n`;
}

test("a draven.yaml that blows up by its aliases is refused at once, and by a sentence", async () => {
	const began = performance.now();
	const refused = await draven(
		["apply", "-f", "-"],
		{ ...variables, NODE_OPTIONS: "--max-old-space-size=200" },
		bomb(),
	);
	expect([refused.code, refused.stdout]).toEqual([1, ""]);
	expect(refused.stderr).toMatch(/^- was not applied; nothing was changed:\n {2}\S/);
	expect(refused.stderr).not.toContain("Something went wrong in DRAVEN itself");
	expect(refused.stderr.length).toBeLessThan(4_000);
	expect(performance.now() - began).toBeLessThan(20_000);
});
