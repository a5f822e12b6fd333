import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { shaOf } from "../../fakes/sha-of.ts";
import { errorOf } from "../contract/contract-setting.ts";
import { over, Setting, SHA } from "./setting.ts";

let at: Setting;
beforeEach(async () => {
	at = await Setting.open();
});
afterEach(() => at.close());

describe("the checks of a commit", () => {
	const read = async (sha: string = SHA.three) =>
		Object.fromEntries((await at.port.checks(at.project, sha)).map(({ name, state }) => [name, state]));

	test("are the newest of each kind of pipeline, called as in the file, and the statuses of other CI", async () => {
		const branches = { type: "branches", pattern: "main" };
		at.repository.build(SHA.three, over("FAILED"));
		at.repository.build(SHA.three, over("SUCCESSFUL"));
		at.repository.build(SHA.three, over("STOPPED"), { selector: branches, branch: "other" });
		at.repository.build(SHA.three, over("SUCCESSFUL"), { selector: { type: "custom", pattern: "nightly" } });
		at.repository.build(SHA.two, over("FAILED"), { selector: { type: "tags", pattern: "v*" } });
		at.repository.status(SHA.three, "sonar", "SUCCESSFUL");
		expect(await read()).toEqual({
			default: "success",
			"branches: main": "failure",
			"custom: nightly": "success",
			sonar: "success",
		});
	});

	test.each([
		["pending", { name: "PENDING" }, "pending"],
		["waiting for a manual step", { name: "IN_PROGRESS", stage: { name: "PAUSED" } }, "pending"],
		["of an unknown result", over("EVAPORATED"), "pending"],
		["in error", over("ERROR"), "failure"],
		["expired", over("EXPIRED"), "failure"],
	])("are not green while a pipeline is %s", async (_what, state, check) => {
		at.repository.build(SHA.three, state);
		expect(await read()).toEqual({ default: check });
	});

	test.each([
		["STOPPED", "failure"],
		["FAILED", "failure"],
		["EVAPORATED", "failure"],
		["INPROGRESS", "pending"],
	])("of other CI that say %s are %s", async (state, check) => {
		at.repository.status(SHA.three, "ci", state);
		expect(await read()).toEqual({ ci: check });
	});

	test("are not covered up by a deploy, which has the same key, nor by one of another project in the repository", async () => {
		at.repository.build(SHA.three, over("SUCCESSFUL"));
		const { run } = await at.started();
		at.repository.set(run, over("FAILED"));
		const selector = { type: "custom", pattern: "deploy-till" };
		const other = at.repository.start({ ...run.target, selector }, run.variables);
		at.repository.set(other, over("FAILED"));
		expect(at.repository.statuses).toHaveLength(1);
		expect(await read()).toEqual({ default: "success" });
	});

	test("know the old address of a pipeline's page, and take no other for one", async () => {
		const { build_number: number } = at.repository.build(SHA.three, over("SUCCESSFUL"));
		at.repository.status(SHA.three, "the same", "FAILED", {
			url: `https://bitbucket.org/acme/web/addon/pipelines/home#!/results/${number}`,
		});
		at.repository.status(SHA.three, "another", "FAILED", { url: `https://ci.test/pipelines/results/${number}` });
		expect(await read()).toEqual({ default: "success", another: "failure" });
	});

	test("are what a pipeline's commit status says where the list does not have the pipeline", async () => {
		at.repository.status(SHA.three, "build", "SUCCESSFUL", {
			url: "https://bitbucket.org/acme/web/pipelines/results/77",
		});
		expect(await read()).toEqual({ build: "success" });
	});

	test("are those of the commit also where the list does not heed what it is asked for", async () => {
		at.repository.filtersPipelines = false;
		at.repository.build(SHA.three, over("FAILED"));
		for (let n = 0; n < 350; n++) at.repository.build(SHA.two, over("SUCCESSFUL"));
		// The one that failed is too far back to be seen: its commit status speaks for it.
		expect(await read()).toEqual({ "Pipeline #1 for main": "failure" });
		at.repository.build(SHA.three, over("SUCCESSFUL"));
		expect(await read()).toEqual({ default: "success" });
	});

	test("more than can be read are no checks: one of them could be red", async () => {
		for (let n = 0; n < 1_001; n++) at.repository.status(SHA.three, `check-${n}`, "SUCCESSFUL");
		expect(await errorOf(at.port.checks(at.project, SHA.three))).toMatchObject({ kind: "rejected" });
	});
});

describe("refs", () => {
	test("an annotated tag is its commit, and one that points at no commit is none", async () => {
		at.repository.tag("tree", null, "of a folder");
		expect(await at.port.resolveRef(at.project, "v1.0.0")).toMatchObject({ kind: "tag", sha: SHA.one });
		expect(await at.port.resolveRef(at.project, "tree")).toBeNull();
		expect(await at.port.listRefs(at.project, "tree")).toEqual([]);
	});

	test("a short SHA is its commit when it is one's alone; what a name leads to is not taken for it", async () => {
		expect(await at.port.resolveRef(at.project, SHA.two.slice(0, 9))).toMatchObject({ kind: "sha", sha: SHA.two });
		at.bitbucket.fault(/commit\/abcdef1/, { status: 200, body: { hash: SHA.two } });
		expect(await at.port.resolveRef(at.project, "abcdef1")).toBeNull();
	});

	test("odd names are looked for as they are", async () => {
		for (const name of ['a"b', "100%", "x&y=z"]) {
			at.repository.branch(name, SHA.one);
			expect((await at.port.listRefs(at.project, name)).map((ref) => ref.name)).toEqual([name]);
		}
	});
});

describe("what lies between two commits", () => {
	test("is counted over pages to an end, and then there are more", async () => {
		let last: string = SHA.three;
		const push = (count: number) => {
			for (let n = 0; n < count; n++) {
				const next = shaOf(`${last}/${n}`);
				at.repository.push(next, last);
				last = next;
			}
		};
		push(150);
		const some = await at.port.compare(at.project, SHA.three, last);
		expect(some).toMatchObject({ ahead: 150, behind: 0, more: false });
		expect(some?.commits).toHaveLength(100);
		expect(some?.commits[0]?.sha).toBe(last);
		push(400);
		expect(await at.port.compare(at.project, SHA.three, last)).toMatchObject({ ahead: 500, more: true });
		expect(await at.port.compare(at.project, last, SHA.three)).toMatchObject({ ahead: 0, behind: 100, more: true });
	});

	test("has authors as git knows them, and where Bitbucket knows them the account: its UUID, for nicknames are nobody's own", async () => {
		const sha = shaOf("odd authors");
		at.repository.push(sha, SHA.three, {
			message: "Tea\n\nmore",
			name: "Bob B.",
			email: "bob@acme.test",
			account: "1-2-3",
		});
		const told = await at.port.compare(at.project, SHA.three, sha);
		expect(told?.commits).toEqual([
			{ sha, title: "Tea", author: { name: "Bob B.", email: "bob@acme.test", login: "1-2-3" } },
		]);
		for (const author of [null, {}, { raw: "" }, { raw: "nobody" }, { raw: "x", user: "y" }]) {
			at.bitbucket.fault(/commits\//, { status: 200, body: { values: [{ hash: sha, message: null, author }] } }, 1);
			at.bitbucket.fault(/commits\//, { status: 200, body: { values: [] } }, 1);
			const odd = await at.port.compare(at.project, SHA.three, sha);
			expect([odd?.ahead, odd?.behind].sort()).toEqual([0, 1]);
		}
	});

	test("has everybody who had a hand in a commit, programs as such, and Bitbucket's own hand is nobody", async () => {
		const account = (uuid: string, type = "user") => ({ user: { type, uuid: `{${uuid}}`, display_name: "x" } });
		const ada = { raw: "Ada <ada@acme.test>", ...account("1-2-3") };
		const app = { raw: "Release <release@acme.test>", ...account("9-9", "app_user") };
		const pipelines = { raw: "bitbucket-pipelines <commits-noreply@bitbucket.org>" };
		const renovate = { raw: "renovate[bot] <29139614+renovate[bot]@users.noreply.github.com>" };
		const commit = (author: object, committer: object | null, message = "Tea") => ({
			...{ hash: SHA.three, message, author, committer },
		});
		const values = [
			commit(
				ada,
				ada,
				"Tea\n\nCo-authored-by: Bob <bob@acme.test>\nCo-authored-by: Robot <5+ci[bot]@users.noreply.github.com>\n",
			),
			commit(ada, { raw: "Eve <eve@acme.test>" }),
			commit(ada, { raw: "Ada <ada@acme.test>", ...account("7-7") }),
			commit(ada, { raw: "Bitbucket <noreply@bitbucket.org>" }),
			...[app, pipelines, renovate].map((bot) => commit(bot, bot)),
		];
		at.bitbucket.fault(/commits\//, { status: 200, body: { values } }, 2);
		const compared = await at.port.compare(at.project, SHA.two, SHA.three);
		const author = { name: "Ada", email: "ada@acme.test", login: "1-2-3" };
		expect(compared?.commits.map(({ sha: _, title: __, ...hands }) => hands)).toEqual([
			{
				author,
				coAuthors: [
					{ name: "Bob", email: "bob@acme.test", login: null },
					{ name: "Robot", email: "5+ci[bot]@users.noreply.github.com", login: null, bot: true },
				],
			},
			{ author, committer: { name: "Eve", email: "eve@acme.test", login: null } },
			{ author, committer: { ...author, login: "7-7" } },
			{ author },
			{ author: { name: "Release", email: "release@acme.test", login: "9-9", bot: true } },
			{ author: { name: "bitbucket-pipelines", email: "commits-noreply@bitbucket.org", login: null, bot: true } },
			{
				author: {
					...{ name: "renovate[bot]", email: "29139614+renovate[bot]@users.noreply.github.com" },
					...{ login: null, bot: true },
				},
			},
		]);
	});
});

describe("the steps of a run", () => {
	test("have their pages, also for one that was not started here; what was left out is no news", async () => {
		const { report, run } = await at.started();
		run.steps = [
			at.repository.step("build", over("SUCCESSFUL")),
			at.repository.step("on main only", over("NOT_RUN")),
			at.repository.step("release", { name: "PENDING", stage: { name: "PAUSED" } }),
		];
		const page = `https://bitbucket.org/acme/web/pipelines/results/${run.build_number}/steps/`;
		for (const port of [at.port, at.connect()])
			expect(await port.steps(at.project, report.externalId)).toEqual([
				{
					...{ id: run.steps[0]?.uuid, name: "build", status: "succeeded" },
					url: expect.stringContaining(`${page}%7B`),
				},
				{ ...{ id: run.steps[2]?.uuid, name: "release", status: "waiting" }, url: expect.stringContaining(page) },
			]);
	});
});

describe("the log of a run", () => {
	let store: Server;
	let asked: Record<string, string | string[] | undefined>[];
	let kept: string;
	beforeEach(async () => {
		asked = [];
		store = createServer((request, response) => {
			asked.push(request.headers);
			response.end(kept);
		});
		await new Promise<void>((resolve) => store.listen(0, "127.0.0.1", resolve));
	});
	afterEach(() => new Promise<unknown>((resolve) => store.close(resolve)));

	async function written(...logs: (string | null)[]): Promise<string> {
		const { report, run } = await at.started();
		run.steps = logs.map((log, n) => at.repository.step(`step ${n}`, over("SUCCESSFUL"), log));
		return report.externalId;
	}

	test("is that of its steps, one after the other; those that wrote nothing are left out", async () => {
		const id = await written("one\r\ntwo\n", null, "");
		expect(await at.port.log(at.project, id)).toEqual(["── step 0", "one", "two"]);
	});

	test("is asked for from its end, and does not begin in the middle of a line", async () => {
		const id = await written(`${"x".repeat(50)}\n`.repeat(60_000));
		const lines = (await at.port.log(at.project, id)) ?? [];
		expect(at.bitbucket.asked(/\/log$/)[0]?.headers["range"]).toBe("bytes=-2000000");
		expect(new Set(lines.slice(1).map(({ length }) => length))).toEqual(new Set([50]));
	});

	test("that lies at another host is read there without the token", async () => {
		const id = await written("moved");
		kept = "from the store\n";
		const location = `http://127.0.0.1:${(store.address() as AddressInfo).port}/log?signed=1`;
		at.bitbucket.fault(/\/log$/, { status: 307, headers: { location } });
		expect(await at.port.log(at.project, id)).toEqual(["── step 0", "from the store"]);
		expect(asked[0]?.["authorization"]).toBeUndefined();
		at.bitbucket.fault(/\/log$/, { status: 307, headers: { location: "http://169.254.169.254/latest" } });
		expect(await errorOf(at.port.log(at.project, id))).toMatchObject({ kind: "rejected" });
	});
});
