import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { DataSource } from "typeorm";
import { openDataSource } from "../../src/store/data-source.ts";
import { createTestDatabase } from "../support/database.ts";
import { draven, startServer } from "../support/draven.ts";
import { until } from "../torture/until.ts";

/** `draven serve --no-worker` and `draven worker`: two processes, the two halves of one. */

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: DataSource;
let dataDir: string;
let variables: Record<string, string>;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
	database = await createTestDatabase();
	ends.push(database.drop);
	db = await openDataSource(database.url, { poolSize: 1 });
	ends.push(() => db.destroy());
	dataDir = await mkdtemp(join(tmpdir(), "draven-apart-"));
	ends.push(() => rm(dataDir, { recursive: true, force: true }));
	variables = {
		...{ DATABASE_URL: database.url, DRAVEN_SECRET_KEY: randomBytes(32).toString("base64") },
		...{ DRAVEN_DATA_DIR: dataDir, LOG_LEVEL: "error" },
	};
});
afterAll(async () => {
	for (const end of ends.reverse()) await end();
}, 60_000);

test("a deploy is taken by the one, carried to its end by the other, and heard of through the first", async () => {
	const web = await startServer(variables, ["serve", "--no-worker"]);
	ends.push(() => web.stop());
	expect(web.output()).toMatch(/Worker +no: start `draven worker` beside it/);
	const asked = await draven(["say", "deploy shop@v1.1.0 to stage", "--as", "ben", "--no-follow", "--json"], variables);
	expect(JSON.parse(asked.stdout)).toMatchObject({ outcome: "done", run: { state: "queued" } });
	// Nobody has touched the work that follows from it.
	expect(await db.query("SELECT DISTINCT attempts FROM job")).toEqual([{ attempts: 0 }]);

	const worker = await startServer(variables, ["worker"]);
	ends.push(() => worker.stop());
	expect(worker.output()).toMatch(/Listening +no \(background work alone\)/);
	expect(worker.output()).not.toContain("draven say");
	const { run } = JSON.parse(asked.stdout) as { run: { id: string } };
	let state = "";
	await until(async () => {
		const [row] = (await db.query("SELECT state, finished_at FROM run WHERE id = $1", [run.id])) as {
			state: string;
			finished_at: Date | null;
		}[];
		state = row?.state ?? "gone";
		return row?.finished_at !== null;
	}, 60_000);
	expect(state).toBe("succeeded");
	const shown = await draven(["say", "status shop stage", "--as", "dan"], variables);
	expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining("v1.1.0")]);
	expect(await worker.stop()).toBe(0);
	expect(await web.stop()).toBe(0);
}, 120_000);
