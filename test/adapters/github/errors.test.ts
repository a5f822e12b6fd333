import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { errorOf, Setting } from "./setting.ts";

let at: Setting;
beforeEach(async () => {
	at = await Setting.open();
});
afterEach(() => at.close());

const resolve = () => at.pipeline.resolveRef(at.project, "main");
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

	test("is unavailable when GitHub has trouble, and for a question nothing may have happened", async () => {
		for (const status of [500, 502, 503, 504])
			expect(await answered(status, "<html>")).toMatchObject({ kind: "unavailable", mayHaveHappened: false });
	});

	test("is unavailable when the connection breaks or nothing comes, and for a question nothing may have happened", async () => {
		for (const fault of ["drop", "drop_answer", "break_answer"] as const) {
			at.github.fault(/git\/ref/, fault);
			expect(await errorOf(resolve())).toMatchObject({ kind: "unavailable", mayHaveHappened: false });
		}
		at.github.fault(/git\/ref/, "hang");
		expect(await errorOf(at.connect({ withinMs: 100 }).resolveRef(at.project, "main"))).toMatchObject({
			kind: "unavailable",
			message: expect.stringContaining("did not answer within"),
		});
	});

	test("is rejected with GitHub's words when it is anything else, on one line and not too long", async () => {
		const error = await answered(418, { message: `no\n\n tea ${"x".repeat(1_000)}`, errors: [{ message: "pot" }] });
		expect(error.kind).toBe("rejected");
		expect(error.message).toContain("no tea x");
		expect(error.message.length).toBeLessThan(500);
	});

	test("is rejected when it is larger than anything of GitHub's", async () => {
		expect((await answered(200, "x".repeat(20_000_001))).message).toContain("more than 20 MB");
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
	test("goes to no other host: redirects are followed at the same one alone", async () => {
		const seen: string[] = [];
		const other = createServer((request, response) => {
			seen.push(request.url ?? "");
			response.end("{}");
		});
		await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
		const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/repos/acme/web`;
		for (const status of [301, 302, 307, 308]) {
			const error = await answered(status, { message: "Moved" }, { location });
			expect(error).toMatchObject({ kind: "rejected", message: expect.stringContaining("another host") });
		}
		at.github.fault(/dispatches/, { status: 307, headers: { location } });
		expect(await errorOf(at.pipeline.trigger(at.request()))).toMatchObject({
			kind: "rejected",
			mayHaveHappened: false,
		});
		expect(seen).toEqual([]);
		await new Promise((resolve) => other.close(resolve));
	});

	test("ends up nowhere when redirects go round in a circle", async () => {
		const location = "/repos/acme/web/git/ref/tags%2Fmain";
		at.github.fault(/git\/ref/, { status: 302, headers: { location } }, 10);
		expect(await errorOf(resolve())).toMatchObject({ kind: "rejected" });
		expect(at.github.requests.length).toBeLessThan(6);
	});

	test("follows a renamed repository with the POST as it is, and never turns it into a GET", async () => {
		at.repository.formerNames.push("acme/old");
		const project = { ...at.project, repository: "acme/old" };
		const request = { ...at.request(), project };
		expect(await at.pipeline.trigger(request)).toMatchObject({ status: "queued" });
		at.repository.runOf(request.variables.JOB_ID);
		at.github.fault(/dispatches/, { status: 302, headers: { location: "/repos/acme/web" } });
		expect(await errorOf(at.pipeline.trigger(at.request()))).toMatchObject({ kind: "rejected" });
	});

	test("is in no error, however it is looked at", async () => {
		const { token } = at.github;
		const errors = [
			await answered(401, { message: "Bad credentials" }),
			await answered(500, { message: "x" }),
			await answered(418, { message: "x" }),
		];
		at.github.fault(/git\/ref/, "drop");
		errors.push(await errorOf(resolve()));
		at.github.fault(/git\/ref/, { status: 200, body: "odd" });
		errors.push(await errorOf(resolve()));
		for (const error of errors) {
			expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(token);
			expect(JSON.stringify(error)).not.toContain(token);
		}
	});
});
