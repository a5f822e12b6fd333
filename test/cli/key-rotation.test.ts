import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createTestDatabase } from "../support/database.ts";
import { draven, type Ended } from "../support/draven.ts";

/** DRAVEN_SECRET_KEY as operators change it: the new key in front of the old one, a start, then the new one alone. */

const [OLD, NEW] = [1, 2].map(() => randomBytes(32).toString("base64")) as [string, string];
const FILE = `version: 1
integrations:
  - { slug: hub, provider: github, token: "\${HUB_TOKEN}", webhookSecret: "\${HUB_SECRET}" }
`;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
	database = await createTestDatabase();
});
afterAll(() => database.drop());

function call(keys: string, args: readonly string[], input = ""): Promise<Ended> {
	const dataDir = join(tmpdir(), "draven-of-nobody");
	return draven(
		args,
		{
			...{ DATABASE_URL: database.url, DRAVEN_SECRET_KEY: keys, DRAVEN_DATA_DIR: dataDir },
			...{ HUB_TOKEN: "ghp_of-the-hub", HUB_SECRET: "hook-of-the-hub" },
		},
		input,
	);
}
const apply = (keys: string) => call(keys, ["apply", "-f", "-"], FILE);
const UNCHANGED = { code: 0, stdout: "Nothing to change (1 unchanged).\n" };

test("what the old key sealed opens beside the new one, and afterwards under the new one alone", async () => {
	expect(await apply(OLD)).toMatchObject({ code: 0, stdout: expect.stringContaining("+ integration hub") });
	// Secrets are compared: that nothing changes says that they were read.
	expect(await apply(`${NEW},${OLD}`)).toMatchObject(UNCHANGED);
	expect(await apply(NEW)).toMatchObject(UNCHANGED);
	expect(await call(NEW, ["audit", "verify"])).toMatchObject({
		...{ code: 0, stdout: expect.stringContaining("The audit trail is whole") },
	});

	const late = await apply(OLD);
	expect([late.code, late.stdout]).toEqual([1, ""]);
	expect(late.stderr).toMatch(/^A stored secret was sealed with another key: .*DRAVEN_SECRET_KEY[^\n]*\n$/);
	expect(late.stderr).not.toContain(OLD);
	// Nothing was harmed by the try.
	expect(await apply(NEW)).toMatchObject(UNCHANGED);
}, 120_000);
