import { readFile } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { z } from "zod";
import { fileProblems } from "../../../adapters/bitbucket/pipelines-file.ts";

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
