import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { GitHubPipeline } from "../../../adapters/github/pipeline.ts";
import { errorOf, Setting } from "./setting.ts";

let at: Setting;
let pipeline: GitHubPipeline;
let now: Date;
beforeEach(async () => {
	at = await Setting.open();
	now = new Date("2026-03-04T10:00:00Z");
	at.github.now = () => now;
	pipeline = connect();
});
afterEach(() => at.close());

const connect = () => new GitHubPipeline({ baseUrl: at.github.url, auth: { token: at.github.token }, now: () => now });
const pass = (seconds: number) => {
	now = new Date(now.getTime() + seconds * 1_000);
};
const MINUTE = 60;
const inMinutes = (minutes: number) => new Date(now.getTime() + minutes * 60_000);

describe("the rate limit", () => {
	test("that is low slows the polls, and neither a dispatch nor a cancel, nor a question on which something hangs", async () => {
		at.github.rate = { limit: 5_000, left: 500, endsAt: inMinutes(30) };
		const run = await pipeline.trigger(at.request());
		const id = run?.externalId ?? "";
		expect(await pipeline.report(at.project, id, true)).not.toBeNull();
		const asked = at.github.requests.length;
		const error = await errorOf(pipeline.report(at.project, id, true));
		expect(error).toMatchObject({ kind: "rate_limited", message: expect.stringContaining("this can wait") });
		expect(error.retryAfter).toBeLessThan(10);
		expect(await errorOf(pipeline.steps(at.project, id))).toMatchObject({ kind: "rate_limited" });
		expect(at.github.requests).toHaveLength(asked);
		await pipeline.cancel(at.project, id);
		expect(await pipeline.report(at.project, id)).not.toBeNull();
		expect(await pipeline.trigger(at.request())).not.toBeNull();
		pass(error.retryAfter ?? 0);
		expect(await pipeline.report(at.project, id, true)).not.toBeNull();
	});

	test("that is used up is not knocked at again before its end", async () => {
		at.github.rate = { limit: 5_000, left: 1, endsAt: inMinutes(10) };
		await pipeline.resolveRef(at.project, "v1.0.0");
		expect(await errorOf(pipeline.trigger(at.request()))).toMatchObject({
			...{ kind: "rate_limited", mayHaveHappened: false, retryAfter: 10 * MINUTE },
		});
		expect(at.github.requests).toHaveLength(1);
		pass(10 * MINUTE);
		at.github.rate = { limit: 5_000, left: 5_000, endsAt: inMinutes(60) };
		expect(await pipeline.trigger(at.request())).not.toBeNull();
	});

	test("of the second kind holds all calls for as long as GitHub asks", async () => {
		at.github.fault(/git\/ref/, { status: 403, headers: { "retry-after": "17" }, body: { message: "secondary" } });
		expect((await errorOf(pipeline.resolveRef(at.project, "main"))).retryAfter).toBe(17);
		expect((await errorOf(pipeline.checks(at.project, "a".repeat(40)))).retryAfter).toBe(17);
		expect(at.github.requests).toHaveLength(1);
		pass(17);
		expect(await pipeline.resolveRef(at.project, "main")).not.toBeNull();
	});

	test("of one integration is none of another's, and polls that find nothing new cost nothing of it", async () => {
		at.github.fault(/git\/ref/, { status: 429, headers: { "retry-after": "600" }, body: {} });
		await errorOf(pipeline.resolveRef(at.project, "main"));
		const other = connect();
		const run = await other.trigger(at.request());
		const id = run?.externalId ?? "";
		at.github.rate = { limit: 5_000, left: 4_000, endsAt: inMinutes(30) };
		for (let n = 0; n < 10; n++) expect(await other.report(at.project, id, true)).not.toBeNull();
		expect(at.github.rate.left).toBe(3_999);
	});
});
