import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { localPeople } from "../../adapters/local/people.ts";
import { externalOf } from "../../src/core/run.ts";
import { IntegrationTable } from "../../src/store/entities.ts";
import { until } from "../torture/until.ts";
import { Site } from "./site.ts";

let site: Site;
beforeEach(async () => {
	site = await Site.open();
});
afterEach(() => site.close());

describe("freezes", () => {
	test("are set, shown where they hold, changed, and lifted by query or as JSON", async () => {
		const set = await site.api("POST", "/freezes", { body: { scope: "*/prod", for: "2h", reason: "migration" } });
		expect(set).toMatchObject({
			status: 201,
			body: {
				...{ scope: "*/production", person: { name: "admin" }, reason: "migration" },
				...{ until: "2026-03-04T12:00:00.000Z", environments: [{ project: "shop", environment: "production" }] },
			},
		});
		expect((await site.api("GET", "/freezes")).body).toEqual({ items: [set.body], next: null });
		expect((await site.api("GET", "/freezes?environment=stage")).body.items).toEqual([]);
		expect((await site.api("GET", "/freezes?project=shop")).body.items).toHaveLength(1);
		const run = { project: "shop", environment: "production", ref: "v1.0.0" };
		expect(await site.api("POST", "/runs", { body: run })).toMatchObject({
			status: 422,
			body: { code: "frozen_by_hand" },
		});
		const until = "2026-03-05T09:00:00+01:00";
		expect(
			await site.api("POST", "/freezes", { body: { scope: "*/production", until, reason: "longer" } }),
		).toMatchObject({
			status: 201,
			body: { until: "2026-03-05T08:00:00.000Z", reason: "longer" },
		});
		expect((await site.api("DELETE", "/freezes", { body: { scope: "*/prod" } })).status).toBe(204);
		expect(await site.api("DELETE", "/freezes?scope=*/production")).toMatchObject({
			status: 404,
			body: { code: "unknown_freeze" },
		});
	});

	test("of nothing, of no scope, in the past, or without the right are problems, and change nothing", async () => {
		const post = (body: unknown, token?: string) =>
			site.api("POST", "/freezes", { body, ...(token === undefined ? {} : { token }) });
		expect(await post({ scope: "*/nowhere", reason: "x" })).toMatchObject({
			status: 404,
			body: { code: "unknown_scope" },
		});
		for (const scope of ["shop", "shop/a/b", "!a/*", "shop/(a|b)", "[/x", `${"a".repeat(201)}/*`, " "])
			expect(await post({ scope, reason: "x" })).toMatchObject({ status: 422, body: { code: "bad_scope" } });
		expect(await post({ scope: "*", reason: "x", until: "2026-03-04T09:00:00Z" })).toMatchObject({
			status: 422,
			body: { code: "bad_time" },
		});
		expect(await post({ scope: "*", reason: "x" }, await site.token("operator"))).toMatchObject({
			status: 403,
			body: { code: "no_right" },
		});
		expect((await site.api("DELETE", "/freezes")).status).toBe(422);
		expect((await site.api("GET", "/freezes")).body.items).toEqual([]);
	});
});

describe("locks", () => {
	const STAGE = { project: "shop", environment: "stage" };

	test("are taken, shown, lengthened by their owner, and given back by query or as JSON", async () => {
		const token = await site.token("operator");
		const taken = await site.api("POST", "/locks", { token, body: { ...STAGE, for: "2h", reason: "migration" } });
		expect(taken).toMatchObject({
			status: 201,
			body: {
				...STAGE,
				heldBy: "person",
				person: { name: "operator" },
				reason: "migration",
				until: expect.any(String),
			},
		});
		const { stolenFrom, ...shown } = taken.body;
		expect(stolenFrom).toBeNull();
		expect((await site.api("GET", "/locks")).body).toEqual({ items: [shown], next: null });
		expect((await site.api("GET", "/locks?project=shop&environment=production")).body.items).toEqual([]);
		// Without a word of its time it keeps the one that it has.
		expect(await site.api("POST", "/locks", { token, body: STAGE })).toMatchObject({
			status: 201,
			body: { until: taken.body.until },
		});
		expect((await site.api("DELETE", "/locks", { token, body: STAGE })).status).toBe(204);
		await site.api("POST", "/locks", { token, body: { project: "shop", environment: "prod" } });
		expect((await site.api("GET", "/locks")).body.items).toMatchObject([{ environment: "production" }]);
		expect((await site.api("DELETE", "/locks?project=shop&environment=prod", { token })).status).toBe(204);
		expect((await site.api("DELETE", "/locks?project=shop&environment=prod", { token })).status).toBe(204);
		expect((await site.api("GET", "/locks")).body.items).toEqual([]);
	});

	test("of somebody else are not taken nor given back but by an admin, with a reason", async () => {
		await site.api("POST", "/locks", { token: await site.token("operator"), body: STAGE });
		const other = await site.token("operator", "other");
		expect(await site.api("POST", "/locks", { token: other, body: STAGE })).toMatchObject({
			status: 409,
			body: { code: "locked" },
		});
		expect(await site.api("DELETE", "/locks", { token: other, body: STAGE })).toMatchObject({ status: 409 });
		const steal = { ...STAGE, steal: "they went home" };
		expect(await site.api("POST", "/locks", { token: other, body: steal })).toMatchObject({ status: 403 });
		expect(await site.api("POST", "/locks", { body: steal })).toMatchObject({
			...{ status: 201, body: { person: { name: "admin" }, stolenFrom: { name: "operator" } } },
		});
	});

	test("show the run that holds an environment", async () => {
		const run = await site.run("stage");
		await site.world.work();
		expect((await site.api("GET", "/locks")).body.items).toMatchObject([{ heldBy: "run", run: run.number }]);
	});

	test.each([{}, { project: "shop" }, { ...STAGE, for: "soon" }, { ...STAGE, until: "x" }])(
		"%j is refused",
		async (body) => {
			expect(await site.api("POST", "/locks", { body })).toMatchObject({ status: 422, body: { code: "invalid_body" } });
			expect((await site.api("DELETE", "/locks", { body })).status).toBeGreaterThanOrEqual(400);
		},
	);
});

describe("the log of a run", () => {
	test("takes text and lines, and gives them back as pages and as text", async () => {
		const { number } = await site.run("production");
		const post = (body: unknown, type?: string) =>
			site.api("POST", `/runs/${number}/log`, {
				body,
				...(type === undefined ? {} : { headers: { "content-type": type } }),
			});
		expect(await post("one\r\ntwo\n\nfour\n")).toMatchObject({ status: 200, body: { from: 0, next: 4 } });
		expect(await post({ lines: ["five", "ś☃😀"] })).toMatchObject({ status: 200, body: { from: 4, next: 6 } });
		expect(await post("seven", "text/plain; charset=utf-8")).toMatchObject({ status: 200, body: { from: 6, next: 7 } });
		const whole = await site.api("GET", `/runs/${number}/log`, { headers: { accept: "text/plain" } });
		expect(whole.type).toContain("text/plain");
		expect(whole.body).toBe("one\ntwo\n\nfour\nfive\nś☃😀\nseven\n");
		const both = { accept: "application/json, text/plain, */*" };
		expect((await site.api("GET", `/runs/${number}/log`, { headers: both })).body.items).toHaveLength(7);
		const first = (await site.api("GET", `/runs/${number}/log?limit=5`)).body;
		expect(first.items.map((line: { line: string }) => line.line)).toEqual(["one", "two", "", "four", "five"]);
		expect(first.next).toBe("5");
		const rest = (await site.api("GET", `/runs/${number}/log?limit=5&cursor=5`)).body;
		expect(rest).toMatchObject({ items: [{ n: 5, line: "ś☃😀" }, { n: 6 }], next: null });
	});

	test("one line of a pipeline that is too long is cut, and takes no other with it", async () => {
		const { number } = await site.run("stage");
		const body = `before\n${"x".repeat(20_000)}\nafter\n`;
		expect((await site.api("POST", `/runs/${number}/log`, { body })).status).toBe(200);
		const { items } = (await site.api("GET", `/runs/${number}/log`)).body;
		const lines = items.map(({ line }: { line: string }) => line);
		expect(lines).toEqual(["before", `${"x".repeat(8_191)}…`, "after"]);
	});

	test("gets no number twice when many write at once", async () => {
		const { number } = await site.run("production");
		const many = Array.from({ length: 10 }, (_, i) =>
			site.api("POST", `/runs/${number}/log`, { body: { lines: [`${i} a`, `${i} b`] } }),
		);
		const froms = (await Promise.all(many)).map(({ body }) => body.from);
		expect(froms.sort((a, b) => a - b)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
		expect((await site.api("GET", `/runs/${number}/log`)).body.items).toHaveLength(20);
	});

	test.each([{ lines: "one" }, { lines: [1] }, { line: ["x"] }, { lines: Array(10_001).fill("") }])(
		"does not take what it cannot keep: %#",
		async (body) => {
			const { number } = await site.run("production");
			const answer = await site.api("POST", `/runs/${number}/log`, { body });
			expect(answer).toMatchObject({
				status: 422,
				body: { code: "invalid_body", detail: expect.stringContaining("line") },
			});
			expect((await site.api("GET", `/runs/${number}/log`)).body.items).toEqual([]);
		},
	);

	test("takes nothing while it cannot be masked", async () => {
		const { number } = await site.run("production");
		site.world.secrets = null;
		const answer = await site.api("POST", `/runs/${number}/log`, { body: { lines: ["one"] } });
		expect(answer).toMatchObject({ status: 503, body: { code: "secrets_closed" } });
		expect(answer.body.detail).toContain("could not be masked");
		expect((await site.api("GET", `/runs/${number}/log`)).body.items).toEqual([]);
	});

	test("takes lines from a pipeline by a token that is bound to its integration, and from no other", async () => {
		const { number, id } = await site.run("stage");
		await site.world.work();
		const bound = await site.boundToken();
		const post = (token: string, run: string | number = id) =>
			site.api("POST", `/runs/${run}/log`, { token, body: "from the pipeline\n" });
		expect((await post(bound)).status).toBe(200);
		expect(await post(bound, number)).toMatchObject({ status: 403, body: { code: "job_id_needed" } });
		const free = (await site.newToken({ may: { runnerOf: null } })).plain;
		expect(await post(free)).toMatchObject({ status: 403, body: { code: "wrong_integration" } });
		expect((await site.api("GET", `/runs/${number}/log`)).body.items).toHaveLength(1);
		// It reads nothing.
		expect((await site.api("GET", `/runs/${number}/log`, { token: bound })).status).toBe(403);
	});

	test("takes lines by such a token from a run's start until some minutes after its end", async () => {
		const token = await site.boundToken();
		const post = (run: string) => site.api("POST", `/runs/${run}/log`, { token, body: "from the pipeline\n" });
		const waiting = await site.run("production");
		expect(await post(waiting.id)).toMatchObject({
			status: 409,
			body: { code: "not_at_work", detail: expect.stringContaining("is waiting approval") },
		});
		await site.api("POST", `/runs/${waiting.number}/reject`, { body: { reason: "no" } });
		expect((await post(waiting.id)).status).toBe(409);
		const { number, id } = await site.run("stage");
		await site.world.work();
		await site.world.finish(await site.world.run(number), "succeeded");
		await site.world.pass(14 * 60_000);
		expect((await post(id)).status).toBe(200);
		await site.world.pass(2 * 60_000);
		expect((await post(id)).status).toBe(409);
		// A person's own token is as good as before.
		expect((await site.api("POST", `/runs/${number}/log`, { body: "by hand\n" })).status).toBe(200);
	});

	test("is followed until its provider's log is there too", async () => {
		const { number } = await site.run("stage");
		await site.world.work();
		await site.api("POST", `/runs/${number}/log`, { body: "pushed\n" });
		const run = await site.world.run(number);
		// Not written yet: it is asked for again in a while.
		await site.world.finish(run, "succeeded");
		const response = await fetch(`${site.url}/api/v1/runs/${number}/log`, {
			headers: { authorization: `Bearer ${await site.token("viewer")}`, accept: "text/event-stream" },
		});
		let told = "";
		const decoder = new TextDecoder();
		const began = performance.now();
		for await (const chunk of response.body ?? []) {
			told += decoder.decode(chunk);
			if (told.includes("pushed") && !told.includes("late")) {
				site.world.pipeline.logOf.set(externalOf(run)?.externalId ?? "", ["late"]);
				await site.world.pass(16_000);
				await site.world.pass(16_000);
			}
		}
		expect(told).toContain("data: late\n");
		expect(told).toMatch(/event: end\ndata: succeeded\n\n$/);
		expect(performance.now() - began).toBeLessThan(20_000);
	});

	test("holds no secret, also when it came in two posts", async () => {
		site.world.secrets = ["own-secret-of-the-hub"];
		const { number } = await site.run("production");
		const post = (lines: string[]) => site.api("POST", `/runs/${number}/log`, { body: { lines } });
		await post(["one", "own-secret"]);
		await post(["-of-the-hub two", "three"]);
		const { items } = (await site.api("GET", `/runs/${number}/log`)).body;
		expect(items.map(({ line }: { line: string }) => line)).toEqual(["one", "***", "*** two", "three"]);
	});

	test("is followed live, from any line on, to the end of the run", async () => {
		const { number } = await site.run("production");
		const post = (lines: string[]) => site.api("POST", `/runs/${number}/log`, { body: { lines } });
		await post(["one", "two"]);
		const response = await fetch(`${site.url}/api/v1/runs/${number}/log?cursor=1`, {
			headers: { authorization: `Bearer ${await site.token("viewer")}`, accept: "text/event-stream" },
		});
		expect(response.headers.get("content-type")).toContain("text/event-stream");
		let told = "";
		const decoder = new TextDecoder();
		const body = response.body;
		if (body === null) throw new Error("there is no stream");
		for await (const chunk of body) {
			told += decoder.decode(chunk);
			if (told.includes("two") && !told.includes("three")) {
				await post(["th\rree"]);
				await site.api("POST", `/runs/${number}/reject`, { body: { reason: "no" } });
				told += "three?";
			}
		}
		expect(told).not.toContain("data: one");
		expect(told).toContain("id: 1\ndata: two\n\n");
		expect(told).toContain("id: 2\ndata: th ree\n\n");
		expect(told).toMatch(/event: end\ndata: rejected\n\n$/);
	});

	test("is followed by ten at the same time with one token; an eleventh is told so, until one ends", async () => {
		const { number } = await site.run("production");
		const headers = { authorization: `Bearer ${await site.token("viewer")}`, accept: "text/event-stream" };
		const follow = (signal: AbortSignal | null = null) =>
			fetch(`${site.url}/api/v1/runs/${number}/log`, { headers, signal });
		const ends = Array.from({ length: 10 }, () => new AbortController());
		// Held: an answer that nobody holds any more is let go by fetch, and its seat with it.
		const held: Response[] = [];
		for (const { signal } of ends) held.push(await follow(signal));
		expect(held.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
		const eleventh = await follow();
		expect(eleventh.status).toBe(429);
		expect(eleventh.headers.get("content-type")).toBe("application/problem+json");
		expect(await eleventh.json()).toMatchObject({ code: "too_many_followers" });
		const other = new AbortController();
		const operator = { ...headers, authorization: `Bearer ${await site.token("operator")}` };
		const url = `${site.url}/api/v1/runs/${number}/log`;
		expect((await fetch(url, { headers: operator, signal: other.signal })).status).toBe(200);
		ends[0]?.abort();
		await until(async () => {
			const next = new AbortController();
			const { status } = await follow(next.signal);
			next.abort();
			return status === 200;
		});
		for (const one of [...ends, other]) one.abort();
		expect(held.every(({ bodyUsed }) => !bodyUsed)).toBe(true);
	});

	test("is the runner's own while it is at work", async () => {
		const { number } = await site.run("stage");
		await site.world.deps.db.getRepository(IntegrationTable).update({ slug: "fake" }, { provider: "runner" });
		expect(await site.api("POST", `/runs/${number}/log`, { body: "x" })).toMatchObject({
			...{ status: 409, body: { code: "runner_writes_log" } },
		});
	});
});

describe("the audit trail", () => {
	test("is read newest first, page by page, and filtered", async () => {
		const run = await site.run("stage");
		const other = await site.run("production");
		await site.api("POST", "/runs", {
			token: await site.token("viewer"),
			body: { project: "shop", environment: "stage" },
		});
		const all = (await site.api("GET", "/audit")).body.items;
		const read: unknown[] = [];
		for (let cursor: string | null = ""; cursor !== null; ) {
			const { body } = await site.api(
				"GET",
				`/audit?limit=2${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
			);
			read.push(...body.items);
			cursor = body.next;
		}
		expect(read).toEqual(all);
		const actions = async (query: string): Promise<string[]> =>
			(await site.api("GET", `/audit?${query}`)).body.items.map((one: { action: string }) => one.action);
		expect(await actions(`run=${run.number}`)).toEqual(["run.requested"]);
		expect(await actions(`run=${other.id}`)).toEqual(["run.requested"]);
		expect((await actions("environment=stage")).sort()).toEqual(["run.refused", "run.requested"]);
		expect(await actions("action=run.refused")).toEqual(["run.refused"]);
		expect(await actions("since=2999-01-01")).toEqual([]);
		expect((await actions("until=2999-01-01T00:00:00Z")).length).toBe(all.length);
		expect(all[0]).toMatchObject({
			actor: { via: expect.any(String) },
			at: expect.any(String),
			seq: expect.any(Number),
		});
	});

	test.each(["cursor=x", "cursor=1.2.", "since=yesterday", "limit=1000", "actor=me"])(
		"is not read by %s",
		async (query) => {
			expect(await site.api("GET", `/audit?${query}`)).toMatchObject({ status: 422, body: { code: "invalid_query" } });
		},
	);
});

describe("a command", () => {
	const say = (text: string, role: "viewer" | "operator" | "admin" = "operator", more: object = {}) =>
		site.token(role).then((token) => site.api("POST", "/commands", { token, body: { text, ...more } }));

	test("is said in the words of the chat, as the token's owner", async () => {
		const answer = await say("deploy shop@v1.0.0 to stage");
		expect(answer).toMatchObject({
			...{
				status: 200,
				body: { outcome: "done", code: null, run: { ref: "v1.0.0", requestedBy: { name: "operator" } } },
			},
		});
		expect(answer.body.text).toContain(`#${answer.body.run.number}`);
		expect((await say("status shop")).body.text).toContain("stage");
		expect((await say("whoami")).body.text).toContain("operator");
	});

	test("that is refused changes nothing and says why", async () => {
		expect(await say("deploy shop@v1.0.0 to stage", "viewer")).toMatchObject({
			...{ status: 200, body: { outcome: "refused", code: "no_right", runId: null, run: null } },
		});
		for (const text of [
			"",
			"   ",
			"\u202e\u200b",
			"deploy",
			"frobnicate",
			"show #999999999999",
			`show ${"9".repeat(400)}`,
			"a".repeat(40_000),
			'"',
			'deploy shop@v1.0.0 to stage --reason "open',
		]) {
			const { status, body } = await say(text);
			expect(status).toBe(200);
			expect(body.text).toMatch(/\S/);
		}
		expect((await site.api("GET", "/runs")).body.items).toEqual([]);
	});

	test("is not said as somebody else outside of local mode, whoever asks", async () => {
		for (const role of ["admin", "operator"] as const)
			expect(await say("whoami", role, { as: "ada" })).toMatchObject({ status: 422, body: { code: "not_local" } });
	});
});

describe("a command in local mode", () => {
	test("is said as a sample person by an admin's token alone", async () => {
		const local = await Site.open({ localMode: true, deps: () => ({ groups: { local: localPeople } }) });
		try {
			const say = async (role: "admin" | "operator", as: string) =>
				local.api("POST", "/commands", { token: await local.token(role), body: { text: "whoami", as } });
			expect(await say("operator", "ada")).toMatchObject({ status: 403, body: { code: "no_right" } });
			expect((await say("admin", "ada")).body).toMatchObject({ outcome: "done", text: expect.stringContaining("Ada") });
			expect((await say("admin", "nobody")).body).toMatchObject({
				outcome: "refused",
				text: expect.stringContaining("ada"),
			});
		} finally {
			await local.close();
		}
	});
});
