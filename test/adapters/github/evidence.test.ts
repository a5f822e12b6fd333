import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { shaOf } from "../../fakes/sha-of.ts";
import { errorOf, Setting, SHA } from "./setting.ts";

let at: Setting;
let store: Server | null = null;
beforeEach(async () => {
	at = await Setting.open();
});
afterEach(async () => {
	await new Promise((done) => (store === null ? done(null) : store.close(done)));
	store = null;
	await at.close();
});

test("what lies between two commits: counts, authors, first lines, the page of it", async () => {
	at.repository.push(SHA.two, SHA.one, {
		message: "Mend the till\n\nIt counted twice.",
		name: "Ada",
		email: "ada@acme.test",
		login: "ada-l",
	});
	at.repository.push(SHA.three, SHA.two, { message: "Sell tea", name: "Bob", email: "bob@acme.test" });
	expect(await at.pipeline.compare(at.project, SHA.one, SHA.three)).toEqual({
		ahead: 2,
		behind: 0,
		more: false,
		commits: [
			{ sha: SHA.three, title: "Sell tea", author: { name: "Bob", email: "bob@acme.test", login: null } },
			{ sha: SHA.two, title: "Mend the till", author: { name: "Ada", email: "ada@acme.test", login: "ada-l" } },
		],
		url: `https://github.test/acme/web/compare/${SHA.one}...${SHA.three}`,
	});
	expect(await at.pipeline.compare(at.project, SHA.three, SHA.one)).toMatchObject({ ahead: 0, behind: 2, commits: [] });
});

test("everybody who had a hand in a commit is told, programs as such, and GitHub's own hand is nobody", async () => {
	const commit = (more: object, author: object | null, committer: object | null) => ({
		sha: SHA.two,
		commit: { message: "Sell tea\n\nCo-authored-by: Bob <7+Bob-1@users.noreply.github.com>", ...more },
		author,
		committer,
	});
	const person = (name: string) => ({ name, email: `${name}@acme.test` });
	const webFlow = { name: "GitHub", email: "noreply@github.com" };
	const bot = { name: "dependabot[bot]", email: "49699333+dependabot[bot]@users.noreply.github.com" };
	const commits = [
		commit({ author: person("ada"), committer: webFlow }, { login: "ada-l", type: "User" }, { login: "web-flow" }),
		commit({ author: person("ada"), committer: person("eve") }, { login: "ada-l", type: "User" }, null),
		commit({ author: bot, committer: webFlow }, { login: "dependabot[bot]", type: "Bot" }, { login: "web-flow" }),
	];
	at.github.fault(/\/compare\//, { status: 200, body: { ahead_by: 3, behind_by: 0, commits } });
	const compared = await at.pipeline.compare(at.project, SHA.one, SHA.two);
	const coAuthors = [{ name: "Bob", email: "7+Bob-1@users.noreply.github.com", login: "Bob-1" }];
	expect(compared?.commits.map(({ sha: _, title: __, ...hands }) => hands)).toEqual([
		{ author: { ...bot, login: "dependabot[bot]", bot: true }, coAuthors },
		{ author: { ...person("ada"), login: "ada-l" }, coAuthors, committer: { ...person("eve"), login: null } },
		{ author: { ...person("ada"), login: "ada-l" }, coAuthors },
	]);
});

test("of many commits the newest hundred are given, whatever pages they lie on", async () => {
	const shas = Array.from({ length: 250 }, (_, n) => shaOf(`commit ${n}`));
	for (const [n, sha] of shas.entries()) at.repository.push(sha, shas[n - 1] ?? SHA.one);
	const compared = await at.pipeline.compare(at.project, SHA.one, shas.at(-1) ?? "");
	expect(compared?.ahead).toBe(250);
	expect(compared?.commits.map(({ sha }) => sha)).toEqual(shas.slice(150).reverse());
});

test("jobs come with their steps behind them; what was skipped is no news", async () => {
	const report = await at.dispatched();
	const run = at.runOf(report);
	run.status = "in_progress";
	run.jobs[0]?.steps.push(
		{ name: "Check out", status: "completed", conclusion: "success" },
		{ name: "Only on Sundays", status: "completed", conclusion: "skipped" },
		{ name: "Release", status: "in_progress", conclusion: null },
	);
	const steps = await at.pipeline.steps(at.project, report.externalId);
	expect(steps.map(({ name, status }) => [name, status])).toEqual([
		["deploy", "running"],
		["deploy › Check out", "succeeded"],
		["deploy › Release", "running"],
	]);
	expect(steps[0]?.url).toContain(`/actions/runs/${report.externalId}/job/`);
	expect(await at.pipeline.steps(at.project, "999")).toEqual([]);
});

test("the log is read where GitHub keeps it, which never sees the token", async () => {
	let authorization: string | string[] | undefined = "not asked";
	const url = await serve((headers) => {
		authorization = headers["authorization"];
		return "\uFEFF2026-01-01T10:00:00.0000000Z Hello\r\n2026-01-01T10:00:01.1234567Z   world\r\n";
	});
	const report = await at.dispatched();
	const [job] = at.runOf(report).jobs;
	if (job !== undefined) job.log = url;
	expect(await at.pipeline.log(at.project, report.externalId)).toEqual(["── deploy", "Hello", "  world"]);
	expect(authorization).toBeUndefined();
});

test("without a log there is none; an address that is not https is not asked", async () => {
	const report = await at.dispatched();
	expect(await at.pipeline.log(at.project, report.externalId)).toBeNull();
	const [job] = at.runOf(report).jobs;
	if (job !== undefined) job.log = "http://169.254.169.254/latest";
	expect((await errorOf(at.pipeline.log(at.project, report.externalId))).kind).toBe("rejected");
});

async function serve(answer: (headers: NodeJS.Dict<string | string[]>) => string): Promise<string> {
	const server = createServer((request, response) => response.end(answer(request.headers)));
	store = server;
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("no address");
	return `http://127.0.0.1:${address.port}/log`;
}
