import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { z } from "zod";
import { fileProblems } from "../../../adapters/bitbucket/pipelines-file.ts";

const run = promisify(execFile);

const Ready = z.strictObject({
	image: z.string(),
	clone: z.strictObject({ depth: z.literal("full") }),
	pipelines: z.strictObject({
		custom: z.strictObject({
			deploy: z.tuple([
				z.strictObject({ variables: z.array(z.strictObject({ name: z.string(), description: z.string() })) }),
				z.strictObject({
					step: z.strictObject({ name: z.string(), "max-time": z.number().max(120), script: z.array(z.string()) }),
				}),
			]),
		}),
	}),
});

const NAMES = ["JOB_ID", "ENV", "REF", "SHA", "TYPE"];
const ready = () => readFile("manifests/pipelines/bitbucket/bitbucket-pipelines.yml", "utf8");

describe("the ready file", () => {
	test("declares the five variables, has the whole history, checks out the commit and calls the entrypoint", async () => {
		const { pipelines } = Ready.parse(parse(await ready()));
		const [{ variables }, { step }] = pipelines.custom.deploy;
		expect(variables.map(({ name }) => name)).toEqual(NAMES);
		expect(step.script).toEqual(['git checkout --quiet --detach "$SHA"', "./deploy/run.sh"]);
	});

	test("is started by DRAVEN alone: nothing in it runs on a push", async () => {
		expect(Object.keys(Ready.parse(parse(await ready())).pipelines)).toEqual(["custom"]);
	});

	test("releases the commit that was approved, whatever the branch is at by now, when its step is carried out", async () => {
		const folder = await mkdtemp(join(tmpdir(), "draven-step-"));
		try {
			const repository = join(folder, "repository");
			const git = (...args: string[]) =>
				run("git", ["-c", "user.name=Ada", "-c", "user.email=a@b.test", ...args], { cwd: repository });
			await mkdir(join(repository, "deploy"), { recursive: true });
			await copyFile("manifests/pipelines/deploy/run.sh", join(repository, "deploy/run.sh"));
			await git("init", "-q", "-b", "main");
			for (const version of ["approved", "newer"]) {
				await writeFile(join(repository, "version"), version);
				await git("add", "-A");
				await git("commit", "-q", "-m", version);
			}
			const SHA = (await git("rev-parse", "HEAD~1")).stdout.trim();
			const [, { step }] = Ready.parse(parse(await ready())).pipelines.custom.deploy;
			await run("sh", ["-ec", step.script.join("\n")], {
				cwd: repository,
				env: {
					PATH: process.env["PATH"],
					HOME: folder,
					JOB_ID: "1",
					ENV: "stage",
					REF: "main; touch x",
					SHA,
					TYPE: "deploy",
				},
			});
			expect(await readFile(join(folder, "sites/shop/stage/current/version"), "utf8")).toBe("approved");
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	});

	test("has nothing against it", async () => {
		expect(fileProblems(await ready(), "deploy")).toEqual([]);
	});
});

describe("what is wrong with a file", () => {
	const file = (custom: string) => `pipelines:\n  default:\n    - step: { script: [make] }\n${custom}`;

	test.each([
		["no YAML", "pipelines: [", "no file of Pipelines"],
		["a text", "hello", "no file of Pipelines"],
		["nothing", "", "no file of Pipelines"],
		["no custom pipelines", file(""), 'no custom pipeline "deploy" and no other'],
		["custom pipelines that are none", file("  custom: later\n"), 'no custom pipeline "deploy"'],
		["another one", file("  custom:\n    nightly: [{ step: { script: [make] } }]\n"), '"deploy" (it has nightly)'],
		["one without steps", file("  custom:\n    deploy: []\n"), "has no steps"],
		[
			"one without variables",
			file("  custom:\n    deploy: [{ step: {} }]\n"),
			"does not declare JOB_ID, ENV, REF, SHA, TYPE",
		],
		[
			"one that lacks some",
			file("  custom:\n    deploy: [{ variables: [{ name: JOB_ID }, { name: SHA }] }, { step: {} }]\n"),
			"does not declare ENV, REF, TYPE",
		],
	])("%s is told", (_what, source, problem) => {
		expect(fileProblems(source, "deploy").join("; ")).toContain(problem);
	});
});
