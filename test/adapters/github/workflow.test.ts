import { readFile } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { z } from "zod";

const Workflow = z.object({
	"run-name": z.string(),
	on: z.object({ workflow_dispatch: z.object({ inputs: z.record(z.string(), z.object({ type: z.string() })) }) }),
	permissions: z.record(z.string(), z.string()),
	concurrency: z.object({ group: z.string(), "cancel-in-progress": z.boolean() }),
	jobs: z.record(
		z.string(),
		z.object({
			"timeout-minutes": z.number(),
			steps: z.array(
				z.object({
					uses: z.string().optional(),
					with: z.record(z.string(), z.unknown()).optional(),
					run: z.string().optional(),
					env: z.record(z.string(), z.string()).optional(),
				}),
			),
		}),
	),
});

const NAMES = ["JOB_ID", "ENV", "REF", "SHA", "TYPE"];
const input = (name: string) => `${"$"}{{ inputs.${name} }}`;

describe("the ready workflow", () => {
	test("takes the five inputs as texts, and hands exactly these to the entrypoint, through the environment", async () => {
		const workflow = Workflow.parse(parse(await readFile("manifests/pipelines/github/deploy.yml", "utf8")));
		const { inputs } = workflow.on.workflow_dispatch;
		expect(Object.keys(inputs)).toEqual(NAMES);
		expect(new Set(Object.values(inputs).map(({ type }) => type))).toEqual(new Set(["string"]));
		expect(workflow["run-name"]).toMatch(/inputs\.JOB_ID \}\}\)$/);
		const [job] = Object.values(workflow.jobs);
		const [checkout, run, ...more] = job?.steps ?? [];
		expect(more).toEqual([]);
		expect(checkout?.with).toEqual({ ref: input("SHA"), "persist-credentials": false });
		expect(run).toEqual({
			run: "./deploy/run.sh",
			env: Object.fromEntries(NAMES.map((name) => [name, input(name)])),
		});
	});

	test("keeps to one run an environment that is never cut off, to an end in time, and to few rights", async () => {
		const workflow = Workflow.parse(parse(await readFile("manifests/pipelines/github/deploy.yml", "utf8")));
		expect(workflow.concurrency.group).toContain(input("ENV"));
		expect(workflow.concurrency["cancel-in-progress"]).toBe(false);
		for (const job of Object.values(workflow.jobs)) expect(job["timeout-minutes"]).toBeGreaterThan(0);
		expect(workflow.permissions).toEqual({ contents: "read" });
	});
});
