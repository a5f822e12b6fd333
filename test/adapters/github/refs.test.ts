import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { shaOf } from "../../fakes/sha-of.ts";
import { Setting, SHA } from "./setting.ts";

let at: Setting;
beforeEach(async () => {
	at = await Setting.open();
});
afterEach(() => at.close());

const resolve = (ref: string) => at.pipeline.resolveRef(at.project, ref);

describe("a ref", () => {
	test("that is a tag and a branch is the tag, unless its full name says otherwise", async () => {
		at.repository.branch("both", SHA.one);
		at.repository.tag("both", SHA.two);
		expect(await resolve("both")).toEqual({ name: "both", kind: "tag", sha: SHA.two });
		expect(await resolve("refs/heads/both")).toEqual({ name: "both", kind: "branch", sha: SHA.one });
		expect(await resolve("refs/tags/both")).toEqual({ name: "both", kind: "tag", sha: SHA.two });
		expect(await resolve("refs/tags/main")).toBeNull();
		expect(await resolve("refs/heads/v1.0.0")).toBeNull();
	});

	test("that is an annotated tag is the commit behind it, however many tags are in between", async () => {
		at.repository.annotatedTag("v2.0.0", SHA.two);
		at.repository.annotatedTag("v3.0.0", SHA.three, 3);
		expect(await resolve("v2.0.0")).toEqual({ name: "v2.0.0", kind: "tag", sha: SHA.two });
		expect(await resolve("v3.0.0")).toEqual({ name: "v3.0.0", kind: "tag", sha: SHA.three });
	});

	test("that is a tag of no commit, or of tags without end, is null", async () => {
		at.repository.annotatedTag("tree", shaOf("a tree"), 1, "tree");
		at.repository.annotatedTag("endless", SHA.one, 30);
		expect(await resolve("tree")).toBeNull();
		expect(await resolve("endless")).toBeNull();
	});

	test("is a SHA, full or shortened to seven digits, in either case", async () => {
		const commit = { name: SHA.one, kind: "sha", sha: SHA.one };
		expect(await resolve(SHA.one)).toEqual(commit);
		expect(await resolve(SHA.one.toUpperCase())).toEqual(commit);
		expect(await resolve(SHA.one.slice(0, 7))).toEqual(commit);
		expect(await resolve(SHA.one.slice(0, 6))).toBeNull();
		expect(await resolve(shaOf("nowhere"))).toBeNull();
	});

	test("that is a full SHA is that commit, also when somebody called a tag so", async () => {
		at.repository.tag(SHA.one, SHA.two);
		expect((await resolve(SHA.one))?.sha).not.toBe(SHA.two);
	});

	test("that begins like another one, or that fits two commits, is null", async () => {
		at.repository.branch("release-candidate", SHA.three);
		at.repository.commits.add(`${SHA.one.slice(0, 10)}${"0".repeat(30)}`);
		expect(await resolve("release")).toBeNull();
		expect(await resolve(SHA.one.slice(0, 8))).toBeNull();
	});

	test("of an empty repository is null", async () => {
		at.github.repository("acme/empty");
		const project = { ...at.project, repository: "acme/empty" };
		expect(await at.pipeline.resolveRef(project, "main")).toBeNull();
		expect(await at.pipeline.resolveRef(project, SHA.one)).toBeNull();
	});

	test("of a repository that was renamed is found: GitHub redirects at the same host", async () => {
		at.repository.formerNames.push("acme/old");
		expect(await at.pipeline.resolveRef({ ...at.project, repository: "acme/old" }, "main")).toMatchObject({
			sha: SHA.two,
		});
	});
});

describe("the names for a picker", () => {
	test("contain what was typed, the best first: the very name, what begins with it, high versions before low ones", async () => {
		for (const version of ["v1.2.0", "v1.10.0", "v1.9.0"]) at.repository.annotatedTag(version, SHA.one);
		at.repository.branch("fix-v1", SHA.three);
		at.repository.branch("v1", SHA.three);
		const names = (await at.pipeline.listRefs(at.project, "V1")).map(({ name }) => name);
		expect(names).toEqual(["v1", "v1.10.0", "v1.9.0", "v1.2.0", "v1.0.0", "fix-v1"]);
	});

	test("begin with the default ref when nothing was typed, and carry their commits", async () => {
		at.repository.branch("a-first-by-name", SHA.three);
		const [first, ...rest] = await at.pipeline.listRefs(at.project, "");
		expect(first).toEqual({ name: "main", kind: "branch", sha: SHA.two });
		expect(rest).toContainEqual({ name: "v1.0.0", kind: "tag", sha: SHA.one });
	});

	test("are a hundred at most, and neither tags nor branches push the others out", async () => {
		for (let number = 0; number < 150; number++) {
			at.repository.tag(`build-${number}`, SHA.one);
			at.repository.branch(`topic-${number}`, SHA.two);
		}
		const refs = await at.pipeline.listRefs(at.project, "");
		expect(refs).toHaveLength(100);
		expect(refs.filter(({ kind }) => kind === "tag")).toHaveLength(50);
	});

	test("are found beyond the pages that are read, by how they begin, annotated tags peeled", async () => {
		for (let number = 100; number < 450; number++) at.repository.tag(`z${number}`, SHA.one);
		at.repository.annotatedTag("a-very-last-page", SHA.three);
		expect(await at.pipeline.listRefs(at.project, "a-very")).toEqual([
			{ name: "a-very-last-page", kind: "tag", sha: SHA.three },
		]);
	});
});
