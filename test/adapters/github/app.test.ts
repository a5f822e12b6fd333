import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { GitHubPipeline } from "../../../adapters/github/pipeline.ts";
import { errorOf, Setting, SHA } from "./setting.ts";

let at: Setting;
beforeEach(async () => {
	at = await Setting.open();
});
afterEach(() => at.close());

const TOKENS = /^POST \/app\/installations\/99\/access_tokens$/;

describe("a GitHub App", () => {
	test("makes one token for its installation and uses it until shortly before its end", async () => {
		const pipeline = at.connectApp();
		const three = [1, 2, 3].map(() => pipeline.resolveRef(at.project, "main"));
		expect(await Promise.all(three)).toEqual(Array(3).fill({ name: "main", kind: "branch", sha: SHA.two }));
		await pipeline.resolveRef(at.project, "v1.0.0");
		expect(at.github.asked(TOKENS)).toHaveLength(1);
	});

	test("renews a token that is about to end", async () => {
		at.github.tokenLife = 60_000;
		const pipeline = at.connectApp();
		await pipeline.resolveRef(at.project, "v1.0.0");
		await pipeline.resolveRef(at.project, "v1.0.0");
		expect(at.github.asked(TOKENS)).toHaveLength(2);
	});

	test("gets over a token that was revoked: the next call makes another", async () => {
		const pipeline = at.connectApp();
		await pipeline.resolveRef(at.project, "main");
		at.github.revokeTokens();
		const request = at.request();
		// GitHub may not know a new token everywhere yet, so this one says "later", and surely nothing happened.
		expect(await errorOf(pipeline.trigger(request))).toMatchObject({ kind: "unavailable", mayHaveHappened: false });
		expect(await pipeline.trigger(request)).toMatchObject({ status: "queued" });
	});

	test("starts nothing when its token cannot be had, and says so", async () => {
		for (const fault of ["drop_answer", "break_answer", { status: 502 }] as const) {
			at.github.fault(TOKENS, fault);
			expect(await errorOf(at.connectApp().trigger(at.request()))).toMatchObject({
				kind: "unavailable",
				mayHaveHappened: false,
			});
		}
		expect(at.dispatches()).toEqual([]);
	});

	test("is unauthorized when the App is another one, its installation is gone, or our clock is off", async () => {
		const { app } = at.github;
		const connect = (change: Partial<typeof app>) =>
			new GitHubPipeline({ baseUrl: at.github.url, auth: { app: { ...app, ...change } } });
		expect(await errorOf(connect({ id: "1" }).resolveRef(at.project, "main"))).toMatchObject({ kind: "unauthorized" });
		const gone = await errorOf(connect({ installationId: "7" }).resolveRef(at.project, "main"));
		expect(gone).toMatchObject({
			kind: "not_found",
			message: expect.stringContaining("installation 7 of the App 4711"),
		});
		at.github.ahead = 3_600_000;
		expect(await errorOf(connect({}).resolveRef(at.project, "main"))).toMatchObject({ kind: "unauthorized" });
	});

	test("with a private key that cannot be read says so, and quotes nothing of it", async () => {
		const privateKey = "-----BEGIN RSA PRIVATE KEY-----\nbm90IGEga2V5IGF0IGFsbA==\n-----END RSA PRIVATE KEY-----";
		for (const key of [privateKey, "nonsense", privateKey.split("\n")[0] ?? ""]) {
			const auth = { app: { ...at.github.app, privateKey: key } };
			const error = await errorOf(new GitHubPipeline({ baseUrl: at.github.url, auth }).resolveRef(at.project, "main"));
			expect(error).toMatchObject({ kind: "unauthorized", message: expect.stringContaining("whole PEM file") });
			expect(inspect(error, { depth: 20 })).not.toContain("bm90");
		}
	});
});
