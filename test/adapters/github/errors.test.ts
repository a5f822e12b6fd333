import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { errorOf, Setting } from "./setting.ts";

let at: Setting;
beforeEach(async () => {
	at = await Setting.open();
});
afterEach(() => at.close());

// Each by an adapter that knows of no limit yet.
const resolve = () => at.connect().resolveRef(at.project, "main");
const answered = async (status: number, body: unknown, headers: Record<string, string> = {}) => {
	at.github.fault(/git\/ref/, { status, body, headers });
	return errorOf(resolve());
};

describe("an answer that is no success", () => {
	test("is unauthorized when the credentials are not accepted", async () => {
		const error = await errorOf(at.connect({ token: "ghp_wrong" }).resolveRef(at.project, "main"));
		expect(error).toMatchObject({ kind: "unauthorized", passing: false });
		expect(error.message).toMatch(/401.*Bad credentials.*Renew the token/);
	});

	test("is unauthorized, and names what is missing, when a right is missing", async () => {
		const message = "Resource not accessible by personal access token";
		const named = await answered(403, { message }, { "x-accepted-github-permissions": "contents=read" });
		expect(named).toMatchObject({ kind: "unauthorized" });
		expect(named.message).toMatch(/403.*Resource not accessible.*It needs contents=read\./);
		expect((await answered(403, { message })).message).toContain("Actions (read and write)");
		const sso = await answered(403, { message: "x" }, { "x-github-sso": "required; url=https://github.test/sso" });
		expect(sso.message).toContain("single sign-on");
	});

	test("is rate_limited when a limit is reached, with the seconds to wait by GitHub's own clock", async () => {
		const reset = (seconds: number) => ({
			"x-ratelimit-remaining": "0",
			"x-ratelimit-reset": String(Math.floor(Date.now() / 1_000) + 7_200 + seconds),
			date: new Date(Math.floor(Date.now() / 1_000) * 1_000 + 7_200_000).toUTCString(),
		});
		const primary = await answered(403, { message: "API rate limit exceeded for user" }, reset(90));
		expect(primary).toMatchObject({ kind: "rate_limited", passing: true });
		expect(primary.retryAfter).toBeGreaterThanOrEqual(89);
		expect(primary.retryAfter).toBeLessThanOrEqual(91);
		expect((await answered(429, {}, reset(-5))).retryAfter).toBe(1);
		expect(await answered(403, { message: "secondary rate limit" }, { "retry-after": "17" })).toMatchObject({
			kind: "rate_limited",
			retryAfter: 17,
		});
		expect(await answered(429, "slow down")).toMatchObject({ kind: "rate_limited", retryAfter: 60 });
		expect(await answered(429, {}, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon" })).toMatchObject({
			kind: "rate_limited",
			retryAfter: 60,
		});
	});

	test("says that the baseUrl is wrong when no API answers", async () => {
		at.github.fault(/git\/ref\/tags/, { status: 200, body: "<html>Welcome to GitHub Enterprise</html>" });
		expect((await errorOf(resolve())).message).toContain("/api/v3");
		at.github.fault(/dispatches/, { status: 404, body: "<html>Not here</html>" });
		at.github.fault(/check-runs/, { status: 404, body: "<html>Not here</html>" });
		expect((await errorOf(at.pipeline.checks(at.project, "0".repeat(40)))).message).toContain("/api/v3");
	});
});

describe("the token", () => {
	test("follows a renamed repository with the POST as it is, and never turns it into a GET", async () => {
		at.repository.formerNames.push("acme/old");
		const project = { ...at.project, repository: "acme/old" };
		const request = { ...at.request(), project };
		expect(await at.pipeline.trigger(request)).toMatchObject({ status: "queued" });
		at.repository.runOf(request.variables.JOB_ID);
		at.github.fault(/dispatches/, { status: 302, headers: { location: "/repos/acme/web" } });
		expect(await errorOf(at.pipeline.trigger(at.request()))).toMatchObject({ kind: "rejected" });
	});
});
