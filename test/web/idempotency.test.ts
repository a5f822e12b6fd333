import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Answered } from "./site.ts";
import { Site } from "./site.ts";

let site: Site;
let token: string;
beforeEach(async () => {
	site = await Site.open();
	token = await site.token("operator");
});
afterEach(() => site.close());

const RUN = { project: "shop", environment: "stage", ref: "v1.0.0" };
const post = (key: string, path = "/runs", body: unknown = RUN, as = token): Promise<Answered> =>
	site.api("POST", path, { token: as, body, headers: { "idempotency-key": key } });
const runs = async (): Promise<number> => (await site.world.deps.db.query("SELECT 1 FROM run")).length;

test("the same request twice has one effect and one answer, letter by letter", async () => {
	const first = await post("k1");
	await site.world.work();
	const second = await post("k1");
	expect(first.status).toBe(201);
	expect(JSON.stringify(second.body)).toBe(JSON.stringify(first.body));
	expect(second).toMatchObject({ status: 201, type: first.type });
	expect(second.headers.get("location")).toBe(first.headers.get("location"));
	expect(await runs()).toBe(1);
});

test("twenty at the same time have one effect and one answer", async () => {
	const answers = await Promise.all(Array.from({ length: 20 }, () => post("k1")));
	expect(new Set(answers.map((answer) => JSON.stringify([answer.status, answer.body]))).size).toBe(1);
	expect(await runs()).toBe(1);
});

test("another request under the same key is refused, and changes nothing", async () => {
	await post("k1");
	const other = { ...RUN, ref: "v1.1.0" };
	expect(await post("k1", "/runs", other)).toMatchObject({ status: 422, body: { code: "idempotency_key_reused" } });
	expect(await post("k1", "/commands", { text: "status" })).toMatchObject({ body: { code: "idempotency_key_reused" } });
	expect(await runs()).toBe(1);
});

test("a key is of one token: another's is another request", async () => {
	await post("k1");
	await post("k1", "/runs", RUN, await site.token("operator", "another"));
	expect(await runs()).toBe(2);
});

test("a refusal is answered again as it was, whatever has become possible since", async () => {
	const bad = { ...RUN, ref: "v3.0.0" };
	const first = await post("k1", "/runs", bad);
	expect(first).toMatchObject({ status: 404, type: "application/problem+json", body: { code: "unknown_ref" } });
	site.world.pipeline.tag("v3.0.0", "c".repeat(40));
	const second = await post("k1", "/runs", bad);
	expect(second).toMatchObject({ status: 404, type: "application/problem+json", body: first.body });
});

test("a body that is not understood does not use the key up", async () => {
	expect((await post("k1", "/runs", { ...RUN, nope: 1 })).status).toBe(422);
	expect((await post("k1")).status).toBe(201);
});

test("what failed for the moment can be tried again under the same key", async () => {
	const { VendorError } = await import("../../src/ports/vendor-error.ts");
	site.world.pipeline.down = new VendorError("unavailable", "The provider did not answer.");
	expect((await post("k1")).status).toBe(503);
	site.world.pipeline.down = null;
	expect((await post("k1")).status).toBe(201);
});

test("a try that died before its answer is taken up again after its lease, with one effect", async () => {
	const first = await post("k1");
	// As a kill between the effect and the answer leaves it.
	await site.world.deps.db.query("UPDATE idempotent_answer SET status = NULL, body = NULL");
	await site.world.pass(5_000);
	const again = await Promise.all([post("k1"), post("k1"), post("k1")]);
	for (const answer of again)
		expect(answer).toMatchObject({ status: 201, body: { id: first.body.id, number: first.body.number } });
	expect(await runs()).toBe(1);
});

test("while the first try may still be at work, the second is told to come back", async () => {
	await post("k1");
	await site.world.deps.db.query("UPDATE idempotent_answer SET status = NULL, body = NULL");
	const answer = await post("k1");
	expect(answer).toMatchObject({ status: 409, body: { code: "in_progress" } });
	expect(answer.headers.get("retry-after")).toBe("1");
});

test("log lines, commands, locks, decisions: each has one effect", async () => {
	const { number } = (await post("k0")).body;
	for (let i = 0; i < 3; i++) {
		await post("log", `/runs/${number}/log`, "one\ntwo\n");
		await post("say", "/commands", { text: "shop@v1.1.0 to stage" });
		await post("lock", "/locks", { project: "shop", environment: "stage", for: "1h" });
		await post("cancel", `/runs/${number}/cancel`, {});
	}
	expect((await site.api("GET", `/runs/${number}/log`)).body.items).toHaveLength(2);
	expect(await runs()).toBe(2);
	const actions: { action: string }[] = await site.world.deps.db.query(
		"SELECT action FROM audit_entry WHERE chain <> 'system' ORDER BY seq",
	);
	expect(actions.map(({ action }) => action)).toEqual([
		...["run.requested", "run.requested", "lock.taken", "run.cancelled"],
	]);
});

test.each(["", "with space", "ä", "x".repeat(256)])("the key %j is refused", async (key) => {
	expect(await post(key)).toMatchObject({ status: 422, body: { code: "invalid_idempotency_key" } });
	expect(await runs()).toBe(0);
});
