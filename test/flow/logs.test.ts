import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { externalOf, type Run } from "../../src/core/run.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { lastLines } from "../../src/store/run-log.ts";
import { addLog, holdLog } from "../../src/use-cases/add-log.ts";
import { placeById } from "../../src/use-cases/catalog.ts";
import { fetchLog } from "../../src/use-cases/fetch-log.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
	world = await World.open();
});
afterEach(() => world.close());

async function running(): Promise<Run> {
	const run = await world.runOf(await world.say("U_OPS", "deploy shop@v1.0.0 to stage"));
	await world.work();
	return world.run(run.number);
}

const provider = (run: Run, lines: readonly string[]) =>
	world.pipeline.logOf.set(externalOf(run)?.externalId ?? "", lines);
const kept = async (run: Run) => (await lastLines(world.deps.db, run.id, 20_000)).map(({ line }) => line);

test("at the end of a run its provider's log is kept, and logs shows its end with a link", async () => {
	const run = await running();
	provider(
		run,
		Array.from({ length: 5_000 }, (_, n) => `line ${n}`),
	);
	await world.finish(run, "succeeded");
	expect((await kept(run)).length).toBe(5_000);
	expect((await kept(run))[4_321]).toBe("line 4321");
	const { text } = (await world.say("U_OPS", `logs #${run.number}`)).card;
	expect(text).toContain("line 4975\n");
	expect(text).toContain("line 4999");
	expect(text).not.toContain("line 4974");
	expect(text).toContain(`http://127.0.0.1:3000/runs/${run.number}`);
	expect(text).not.toContain("/api/v1/");
	expect(text).toContain("https://pipelines.test/runs/");
});

test("what the pipeline pushed is kept, and its provider's log after it, without what was pushed", async () => {
	const run = await running();
	await add(run, ["one", "\u001b[32mtwo\u001b[0m", "two", "forged"]);
	provider(run, ["Set up job", "one", "two", "two", "two", "three"]);
	await world.finish(run, "succeeded");
	const all = [
		...["one", "\u001b[32mtwo\u001b[0m", "two", "forged"],
		"── The provider's own log, without the lines that were pushed:",
		...["Set up job", "two", "three"],
	];
	expect(await kept(run)).toEqual(all);
	// Killed before the job was done: it is done again.
	await fetchLog(world.deps, run.id);
	expect(await kept(run)).toEqual(all);
});

test("secrets are not kept: the integration's own, and what looks like one", async () => {
	world.secrets = ["own-secret-of-the-hub"];
	const run = await running();
	const token = `ghp_${"a1B2".repeat(9)}`;
	provider(run, ["using own-secret-of-", "the-hub here", `and ${token}.`, "done"]);
	await world.finish(run, "succeeded");
	expect(await kept(run)).toEqual(["using ***", "*** here", "and ***.", "done"]);
	const rows = await world.deps.db.query("SELECT 1 FROM run_log WHERE line LIKE '%secret%' OR line LIKE '%ghp%'");
	expect(rows).toEqual([]);
});

test("a log that is not written yet, or a provider that is away, is asked for again; in the end it is let go", async () => {
	const run = await running();
	await world.finish(run, "failed");
	expect(await kept(run)).toEqual([]);
	world.pipeline.down = new VendorError("unavailable", "GitHub did not answer.");
	await world.pass(16_000);
	world.pipeline.down = null;
	provider(run, ["late"]);
	await world.pass(16_000);
	expect(await kept(run)).toEqual(["late"]);
	const other = await running();
	await world.finish(other, "failed");
	for (let n = 0; n < 15; n++) await world.pass(16_000);
	const open = await world.deps.db.query("SELECT 1 FROM job WHERE kind = 'fetch_log' AND done_at IS NULL");
	expect(open).toEqual([]);
	const none = (await world.say("U_OPS", `logs #${other.number}`)).card.text;
	expect(none).toContain("has no log here");
	expect(none).toContain(`http://127.0.0.1:3000/runs/${other.number}`);
});

test("a secret in what a provider says of an end, such as a log's last line, reaches neither chat nor trail", async () => {
	const OWN = "own-secret-of-the-hub";
	const token = `ghp_${"a1B2".repeat(9)}`;
	world.secrets = [OWN];
	const run = await running();
	const ended = await world.finish(run, "failed", `It ended with exit code 1. Its last line: curl -u ${OWN} ${token}`);
	const masked = "It ended with exit code 1. Its last line: curl -u *** ***";
	expect(ended.progress).toMatchObject({ state: "failed", reason: masked });
	expect(JSON.stringify(world.chat.messages)).toContain(masked);
	await nowhere(OWN, token);
});

test("a secret in what a provider answers reaches neither chat nor trail", async () => {
	world.secrets = ["own-secret-of-the-hub"];
	world.pipeline.down = new VendorError("unavailable", "The token own-secret-of-the-hub is not known.");
	const asked = await world.say("U_OPS", "deploy shop@v1.0.0 to stage");
	expect(asked.card.text).toContain("The token *** is not known.");
	world.pipeline.down = null;
	const run = await world.runOf(await world.say("U_OPS", "deploy shop@v1.0.0 to stage"));
	world.pipeline.trigger = async () => {
		throw new VendorError("rejected", "The input own-secret-of-the-hub is not known.");
	};
	await world.work();
	expect((await world.run(run.number)).progress).toMatchObject({
		state: "failed",
		reason: "The pipeline was not started: The input *** is not known.",
	});
	await nowhere("own-secret-of-the-hub");
});

async function nowhere(...secrets: readonly string[]): Promise<void> {
	const { db } = world.deps;
	const kept = [
		world.chat.messages,
		await db.query("SELECT entry FROM audit_entry"),
		await db.query("SELECT * FROM run"),
	];
	for (const secret of secrets) expect(JSON.stringify(kept)).not.toContain(secret);
}

test("a private key whose lines come one by one is masked from its beginning to its end", async () => {
	const run = await running();
	const body = Array.from({ length: 52 }, (_, n) => `MIIJKQ${n}`.padEnd(64, "a1B2"));
	const lines = ["-----BEGIN RSA PRIVATE KEY-----", ...body, "-----END RSA PRIVATE KEY-----", "done"];
	for (const line of lines) await add(run, [line]);
	expect(await kept(run)).toEqual([lines[0], ...body.map(() => "***"), ...lines.slice(-2)]);
});

test("a line is cut when it is masked: half a secret is not left", async () => {
	world.secrets = ["own-secret-of-the-hub"];
	const run = await running();
	await add(run, [`${"x".repeat(8_180)} own-secret-of-the-hub`, "y".repeat(9_000)]);
	expect((await kept(run)).map((line) => line.slice(8_175))).toEqual(["xxxxx ***", `${"y".repeat(16)}…`]);
	await world.finish(run, "succeeded");
	const other = await running();
	provider(other, [`${"x".repeat(8_180)} own-secret-of-the-hub`]);
	await world.finish(other, "succeeded");
	expect((await kept(other))[0]).toBe(`${"x".repeat(8_180)} ***`);
});

test("while secrets cannot be opened nothing is shown", async () => {
	const run = await running();
	world.secrets = null;
	await add(run, ["who knows what this is"]);
	expect(await kept(run)).toEqual(["***"]);
});

async function add(run: Run, lines: readonly string[]): Promise<void> {
	const { integration } = await placeById(world.deps.db.manager, run.environmentId);
	await world.deps.db.transaction(async (tx) =>
		addLog(world.deps, tx, { id: run.id, integration }, await holdLog(tx, run.id), lines),
	);
}
