import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { pino } from "pino";
import { readConfig } from "../src/config.ts";
import { SYSTEM_ACTOR } from "../src/core/audit-entry.ts";
import { keepRunning } from "../src/kept-process.ts";
import { writeLocalFile } from "../src/local-file.ts";
import { makeSample, retireSample } from "../src/local-mode.ts";
import { localTokens } from "../src/local-tokens.ts";
import { openStore, type Store } from "../src/open-store.ts";
import { IntegrationTable } from "../src/store/entities.ts";
import { createToken, findToken, listTokens } from "../src/store/tokens.ts";
import { createTestDatabase } from "./support/database.ts";

const now = () => new Date();
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let dataDir: string;
let store: Store;

beforeAll(async () => {
	database = await createTestDatabase();
	store = await openStore(
		{ databaseUrl: database.url, dataDir: tmpdir(), secretKeys: [Buffer.alloc(32, 1)] },
		"server",
	);
});
afterAll(async () => {
	await store.close();
	await database.drop();
});
beforeEach(async () => {
	dataDir = await mkdtemp(join(tmpdir(), "draven-local-"));
});
afterEach(async () => {
	await retireSample(store, dataDir, now);
	await rm(dataDir, { recursive: true, force: true });
});

async function enter() {
	const config = readConfig({ DRAVEN_DATA_DIR: dataDir });
	await makeSample(store, config, { PATH: process.env["PATH"] }, now);
	return localTokens(store, dataDir, now);
}

describe("the tokens of local mode", () => {
	test("are made once; the runner's is good for the sample's integration alone", async () => {
		const tokens = await enter();
		expect(await localTokens(store, dataDir, now)).toEqual(tokens);
		const sample = await store.db.getRepository(IntegrationTable).findOneByOrFail({ slug: "sample-runner" });
		expect(await findToken(store.db, tokens.runner ?? "", now())).toMatchObject({
			...{ kind: "runner", integrationId: sample.id },
		});
		expect(await findToken(store.db, tokens.say, now())).toMatchObject({ kind: "api", role: "admin" });
	});

	test("one of an older version, good for every integration, is ended and made anew", async () => {
		await enter();
		const { plain } = await createToken(
			{ ...store, now },
			{ name: "local runner", may: { runnerOf: null }, email: null, expiresAt: null, actor: SYSTEM_ACTOR },
		);
		const file = join(dataDir, "local-tokens.json");
		const kept = JSON.parse(await readFile(file, "utf8")) as object;
		await writeFile(file, JSON.stringify({ ...kept, runner: plain }));
		const tokens = await localTokens(store, dataDir, now);
		expect(tokens.runner).not.toBe(plain);
		expect(await findToken(store.db, plain, now())).toBeNull();
	});

	test.each(["there", "gone"])("are over when local mode is left, with their file %s", async (which) => {
		const tokens = await enter();
		await writeLocalFile(dataDir, { url: "http://127.0.0.1:1", token: tokens.say });
		if (which === "gone") await rm(join(dataDir, "local-tokens.json"));
		await retireSample(store, dataDir, now);
		for (const plain of [tokens.say, tokens.runner ?? ""]) expect(await findToken(store.db, plain, now())).toBeNull();
		expect((await listTokens(store.db)).filter(({ revokedAt }) => revokedAt === null)).toEqual([]);
		if (which === "there") expect(await readdir(dataDir)).toEqual(["sample"]);
		const [applied]: { entry: string }[] = await store.db.query(
			"SELECT entry FROM audit_entry WHERE action = 'config.applied' ORDER BY seq DESC LIMIT 1",
		);
		const removed = { action: "remove", kind: "project", name: "shop" };
		expect(JSON.parse(applied?.entry ?? "null")?.data.changes).toContainEqual(expect.objectContaining(removed));
	});

	test("come again with local mode, as new ones", async () => {
		const before = await enter();
		await retireSample(store, dataDir, now);
		const tokens = await enter();
		expect(tokens.say).not.toBe(before.say);
		expect(await findToken(store.db, tokens.say, now())).not.toBeNull();
	});
});

describe("a process that is kept", () => {
	const options = (logged: string[]) => ({
		...{ name: "the program", restartAfterMs: 20, stopWithinMs: 10_000 },
		log: pino({}, { write: (line: string) => logged.push(line) }),
	});

	test("is started again when it ended, and tried again when it could not be started", async () => {
		const logged: string[] = [];
		const program = join(dataDir, "program");
		const mark = join(dataDir, "ran");
		let starts = 0;
		const kept = keepRunning(() => {
			starts += 1;
			return spawn(program, [mark], { stdio: "ignore" });
		}, options(logged));
		while (starts < 3) await new Promise((resolve) => setTimeout(resolve, 10));
		expect(logged.join()).toContain("the program could not be started: it is tried again");
		await writeFile(program, '#!/bin/sh\ntest -e "$1" && exec sleep 600\n: >"$1"\n', { mode: 0o755 });
		while (!logged.some((line) => line.includes("the program ended: it is started again")))
			await new Promise((resolve) => setTimeout(resolve, 10));
		await access(mark);
		await kept.stop();
	});

	test("is ended by stop, also while it cannot be started", async () => {
		const child = spawn("sleep", ["600"], { stdio: "ignore" });
		const ended = once(child, "exit");
		await keepRunning(() => child, options([])).stop();
		expect(await ended).toEqual([null, "SIGTERM"]);
		await keepRunning(() => spawn(join(dataDir, "nothing"), { stdio: "ignore" }), options([])).stop();
	});
});
