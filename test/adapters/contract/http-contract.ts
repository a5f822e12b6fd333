import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import type { PipelinePort } from "../../../src/ports/pipeline.ts";
import type { Fault } from "../../fakes/provider-server.ts";
import { type ContractSetting, errorOf, type HttpSetting, requestTo } from "./contract-setting.ts";

const ANY = /./;

/** What a provider over HTTP does when the other side refuses, is slow, breaks, or is somebody else. */
export function httpContract(at: () => ContractSetting): void {
	const http = (): HttpSetting => {
		const { http } = at();
		if (http === null) throw new Error("this setting speaks no HTTP");
		return http;
	};
	const ask = (port: PipelinePort = at().port) => port.resolveRef(at().project, "main");
	/** How a question, and how a trigger, end when everything is answered so. */
	const bothOn = async (fault: Fault) => {
		http().fault(ANY, fault);
		const question = await errorOf(ask());
		http().fault(http().triggering, fault);
		const trigger = await errorOf(at().port.trigger(requestTo(at())));
		return { question, trigger };
	};
	const sent = () => http().requests.filter(({ method, path }) => http().triggering.test(`${method} ${path}`));

	describe("an answer that is no success", () => {
		test.each([401, 403])("is unauthorized when the credentials do not do (%d)", async (status) => {
			const { question, trigger } = await bothOn({ status, body: { message: "No" } });
			for (const error of [question, trigger])
				expect(error).toMatchObject({ kind: "unauthorized", passing: false, mayHaveHappened: false });
		});

		test("is unauthorized when the token is another one", async () => {
			expect(await errorOf(ask(http().connect({ token: "guessed" })))).toMatchObject({ kind: "unauthorized" });
		});

		test("is not_found when what is to be started is not there", async () => {
			http().fault(http().triggering, { status: 404, body: { message: "404 Not Found" } });
			expect(await errorOf(at().port.trigger(requestTo(at())))).toMatchObject({
				kind: "not_found",
				mayHaveHappened: false,
			});
		});

		test("is rate_limited, with the seconds to wait, and nothing was started", async () => {
			const { question, trigger } = await bothOn({ status: 429, headers: { "retry-after": "17" }, body: "slow down" });
			for (const error of [question, trigger])
				expect(error).toMatchObject({ kind: "rate_limited", retryAfter: 17, passing: true, mayHaveHappened: false });
			const silent = await bothOn({ status: 429, body: "slow down" });
			for (const { kind, retryAfter } of Object.values(silent)) {
				expect(kind).toBe("rate_limited");
				expect(retryAfter).toBeGreaterThan(0);
			}
		});

		test.each([500, 502, 503, 504])(
			"is unavailable when there is trouble (%d), and a pipeline may have been started",
			async (status) => {
				const { question, trigger } = await bothOn({ status, body: "<html>", headers: { "retry-after": "7" } });
				expect(question).toMatchObject({ kind: "unavailable", mayHaveHappened: false, retryAfter: 7 });
				expect(trigger).toMatchObject({ kind: "unavailable", mayHaveHappened: true, retryAfter: 7 });
				expect(sent()).toHaveLength(1);
			},
		);

		test("is rejected with the provider's words when it is anything else, on one line and not too long", async () => {
			const message = `no\n\n tea ${"x".repeat(1_000)}`;
			const { trigger } = await bothOn({ status: 418, body: { message, error: { message } } });
			expect(trigger).toMatchObject({ kind: "rejected", mayHaveHappened: false });
			expect(trigger.message).toContain("no tea x");
			expect(trigger.message.length).toBeLessThan(600);
		});

		test("says that the baseUrl may be wrong when it is no API that answers", async () => {
			for (const body of ["<html>Welcome</html>", { odd: true }]) {
				http().fault(ANY, { status: 200, body });
				const error = await errorOf(ask());
				expect(error.kind).toBe("unavailable");
				expect(error.message).toContain("baseUrl");
			}
		});

		test("is rejected when it is larger than anything of the provider's", async () => {
			http().fault(ANY, { status: 200, body: "x".repeat(20_000_001) });
			expect(await errorOf(ask())).toMatchObject({ kind: "rejected", message: expect.stringContaining("20 MB") });
		});
	});

	describe("a connection", () => {
		test("that breaks: a question is asked for nothing, a trigger may have been taken, and is not sent again", async () => {
			for (const fault of ["drop", "drop_answer", "break_answer"] as const) {
				const before = sent().length;
				const { question, trigger } = await bothOn(fault);
				expect(question).toMatchObject({ kind: "unavailable", mayHaveHappened: false });
				expect(trigger).toMatchObject({ kind: "unavailable", mayHaveHappened: true });
				expect(sent()).toHaveLength(before + 1);
			}
		});

		test("on which nothing comes is given up in time", async () => {
			const port = http().connect({ withinMs: 150 });
			http().fault(ANY, "hang");
			const question = await errorOf(ask(port));
			expect(question).toMatchObject({ kind: "unavailable", mayHaveHappened: false });
			expect(question.message).toContain("0.15 s");
			http().fault(http().triggering, "hang");
			expect(await errorOf(port.trigger(requestTo(at())))).toMatchObject({
				kind: "unavailable",
				mayHaveHappened: true,
			});
		});

		test("that is never made started nothing", async () => {
			const { url } = http();
			const unknown = http().connect({ baseUrl: "http://no-such-host.invalid" });
			await at().close();
			for (const port of [http().connect({ baseUrl: url }), unknown])
				expect(await errorOf(port.trigger(requestTo(at())))).toMatchObject({
					kind: "unavailable",
					mayHaveHappened: false,
				});
		});
	});

	describe("the token", () => {
		test("goes to no other host: redirects are followed at the same one alone, and not without an end", async () => {
			const seen: string[] = [];
			const other = createServer((request, response) => {
				seen.push(request.url ?? "");
				response.end("{}");
			});
			await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
			const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
			for (const status of [301, 302, 307, 308]) {
				http().fault(ANY, { status, headers: { location } });
				expect(await errorOf(ask())).toMatchObject({
					kind: "rejected",
					message: expect.stringContaining("another host"),
				});
			}
			http().fault(http().triggering, { status: 307, headers: { location } });
			expect(await errorOf(at().port.trigger(requestTo(at())))).toMatchObject({
				kind: "rejected",
				mayHaveHappened: false,
			});
			expect(seen).toEqual([]);
			await new Promise((resolve) => other.close(resolve));
			http().fault(ANY, { status: 302, headers: { location: "/round/and/round" } }, 10);
			const before = http().requests.length;
			expect(await errorOf(ask())).toMatchObject({ kind: "rejected" });
			expect(http().requests.length - before).toBeLessThan(6);
		});

		test("is in no error, however it is looked at", async () => {
			const faults: Fault[] = ["drop", "break_answer"];
			for (const status of [401, 403, 418, 429, 500]) faults.push({ status, body: { message: "x" } });
			const errors: unknown[] = [];
			for (const fault of faults) errors.push(...Object.values(await bothOn(fault)));
			http().fault(ANY, { status: 200, body: "odd" });
			errors.push(await errorOf(ask()));
			for (const error of errors) {
				expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(http().token);
				expect(JSON.stringify(error)).not.toContain(http().token);
			}
		});
	});

	describe("what goes into a path", () => {
		test.each([
			"",
			"..",
			"../../../user",
			"a..b",
			"main?per_page=1",
			"a b",
			"-x",
			"/main",
			"main/",
			"x.lock",
			".git/x",
		])("is no name that git would not take (%j)", async (ref) => {
			expect(await at().port.resolveRef(at().project, ref)).toBeNull();
			expect(http().requests).toEqual([]);
		});

		test("may be an odd name all the same", async () => {
			for (const name of ["100%", "a%2fb", "großer-umbau", "emoji-🚀", "a&b=c", "fix#12", "it's", "a+b"]) {
				await at().branch(name, at().shas[1]);
				expect(await at().port.resolveRef(at().project, name)).toEqual({ name, kind: "branch", sha: at().shas[1] });
			}
		});

		test("is no repository that could lead anywhere else: it is refused before anything is asked", async () => {
			for (const repository of http().malformed) {
				const project = { ...at().project, repository };
				expect((await errorOf(at().port.resolveRef(project, "main"))).kind).toBe("rejected");
				expect((await errorOf(at().port.trigger({ ...requestTo(at()), project }))).kind).toBe("rejected");
			}
			expect(http().requests).toEqual([]);
		});
	});
}
