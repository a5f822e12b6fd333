import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { fileProblems } from "../../../adapters/gitlab/pipeline-file.ts";
import { readPipelineFile } from "../../../src/pipeline-files.ts";
import { Workshop } from "../runner/workshop.ts";

const NAMES = ["JOB_ID", "ENV", "REF", "SHA", "TYPE"];
const Rule = z.object({
	if: z.string().optional(),
	when: z.string().optional(),
	variables: z.record(z.string(), z.string()).optional(),
});
const File = z.object({
	workflow: z.object({ name: z.string(), rules: z.array(Rule) }),
	".not-in-deploys": z.object({ rules: z.array(Rule) }),
	deploy: z.object({
		rules: z.array(Rule),
		resource_group: z.string(),
		interruptible: z.literal(false),
		timeout: z.string(),
		variables: z.record(z.string(), z.object({ value: z.string(), expand: z.literal(false) })).optional(),
		script: z.array(z.string()),
	}),
});
const Spec = z.object({ spec: z.object({ inputs: z.record(z.string(), z.object({ default: z.literal("") })) }) });

const source = (name: string) => readFile(`manifests/pipelines/gitlab/${name}`, "utf8");
const documents = (text: string): unknown[] => {
	const parsed = parseAllDocuments(text);
	if (!Array.isArray(parsed)) throw new Error("it is empty");
	expect(parsed.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
	return parsed.map((document) => document.toJS());
};

const FILES = [
	["variables", ".gitlab-ci.yml", "$ENV", "$JOB_ID"],
	["inputs", ".gitlab-ci-inputs.yml", "$[[ inputs.ENV ]]", "$[[ inputs.JOB_ID ]]"],
] as const;

describe.each(FILES)("the ready file for %s", (mode, name, env, jobId) => {
	const read = async () => File.parse(documents(await source(name)).at(-1));

	test("checks out the commit that was approved, and calls the entrypoint; nothing goes into the text of the script", async () => {
		const { script } = (await read()).deploy;
		expect(script).toEqual([
			'git fetch --quiet --depth 1 origin "$SHA"',
			'git checkout --quiet --force --detach "$SHA"',
			"./deploy/run.sh",
		]);
	});

	test("does so for real: the commit is one that its branch has left behind", async () => {
		const workshop = await Workshop.open();
		try {
			const entrypoint = `#!/bin/sh\necho "deployed $SHA as $(git rev-parse HEAD)"\n`;
			const { url, sha } = await workshop.repository({ "deploy/run.sh": entrypoint });
			await workshop.commit(url, { "deploy/run.sh": "#!/bin/sh\nexit 1\n" });
			const checkout = join(workshop.folder, "checkout");
			// As GitLab's runner has it: one commit deep, of the branch.
			await workshop.git(workshop.folder, "clone", "--quiet", "--depth", "1", `file://${url}`, checkout);
			const { script } = (await read()).deploy;
			const env = { ...workshop.env, SHA: sha };
			const { stdout } = await promisify(execFile)("sh", ["-ec", script.join("\n")], { cwd: checkout, env });
			expect(stdout.trim()).toBe(`deployed ${sha} as ${sha}`);
		} finally {
			await workshop.close();
		}
	});

	test("runs for what the API starts with a JOB_ID, and carries that in the pipeline's name; other CI stays out of it", async () => {
		const { workflow, deploy, ".not-in-deploys": others } = await read();
		expect(workflow.name).toBe("$PIPELINE_NAME");
		const [ours, ...rest] = workflow.rules;
		expect(ours?.variables?.["PIPELINE_NAME"]).toMatch(/\)$/);
		expect(ours?.variables?.["PIPELINE_NAME"]).toContain(`(${jobId})`);
		expect(rest).toEqual([{ when: "always" }]);
		for (const { if: condition } of [ours ?? {}, ...deploy.rules]) {
			expect(condition).toContain('$CI_PIPELINE_SOURCE == "api"');
			expect(condition).toContain(jobId);
		}
		expect(others.rules[0]).toMatchObject({ if: expect.stringContaining(jobId), when: "never" });
	});

	test("keeps to one run an environment that is never cut off, and to an end in time", async () => {
		const { deploy } = await read();
		expect(deploy.resource_group).toBe(`deploy-${env}`);
		expect(deploy.timeout).toBe("1h");
	});

	test("is what a check-up asks for", async () => {
		expect(fileProblems(await source(name), mode)).toEqual([]);
	});
});

test("inputs are exactly the five, each may be left out by other pipelines, and they reach the job as they are", async () => {
	const [head, body] = documents(await source(".gitlab-ci-inputs.yml"));
	expect(Object.keys(Spec.parse(head).spec.inputs)).toEqual(NAMES);
	const { variables } = File.parse(body).deploy;
	expect(variables).toEqual(
		Object.fromEntries(NAMES.map((name) => [name, { value: `$[[ inputs.${name} ]]`, expand: false }])),
	);
});

/** GitLab puts the text of a value into the file, and reads that as YAML. */
async function interpolated(values: Readonly<Record<string, string>>): Promise<unknown> {
	const project = { slug: "web", pipeline: "", parameters: ["migrate"], mode: "inputs" as const };
	const { content } = await readPipelineFile("gitlab", project);
	const body = content.slice(content.indexOf("\n---\n") + 5);
	const text = body.replace(/\$\[\[ inputs\.(\w+) \]\]/g, (_, name: string) => values[name] ?? "");
	return documents(text)[0];
}

test.each([
	'say "hi"',
	"C:\\new\\dir",
	'fix/"x',
	"it's",
	'$PROD_DB_PASSWORD", expand: true } #',
	"$PROD_DB_PASSWORD",
	"  led by blanks",
	"- a",
	"# no comment",
	"a: b",
	"|",
	"---",
	"...",
	"*a &b !c %d @e `f",
	"trailing  ",
	"\ttab",
	"",
	"{ } [ ] , : ? ",
	"日本 ☃ 😀",
])("a value stays a value, whatever it is: %j", async (value) => {
	const ours = { JOB_ID: "9b2f", ENV: "stage", REF: value, SHA: "a1b2", TYPE: "deploy", migrate: value };
	const { variables, script } = File.parse(await interpolated(ours)).deploy;
	expect(variables).toEqual(
		Object.fromEntries(Object.entries(ours).map(([name, text]) => [name, { value: text, expand: false }])),
	);
	expect(script).toHaveLength(3);
});

test("a value that would end its line is refused by the file itself", async () => {
	const project = { slug: "web", pipeline: "", parameters: ["migrate"], mode: "inputs" as const };
	const [head] = documents((await readPipelineFile("gitlab", project)).content);
	const inputs = z.object({ spec: z.object({ inputs: z.record(z.string(), z.object({ regex: z.string() })) }) });
	const declared = Object.entries(inputs.parse(head).spec.inputs);
	expect(declared).toHaveLength(6);
	for (const [, { regex }] of declared) {
		const known = new RegExp(regex, "u");
		expect(known.test("")).toBe(true);
		for (const end of ["\n", "\r", "\u0085", "\u2028", "\u2029"]) expect(known.test(`a${end}b`)).toBe(false);
	}
	for (const name of ["JOB_ID", "ENV", "TYPE", "SHA"]) {
		const { regex = "" } = Object.fromEntries(declared)[name] ?? {};
		for (const text of ['"', "'", "$", " ", "#", ":", "\\"]) expect(new RegExp(regex, "u").test(text)).toBe(false);
	}
});

test("a project's file is filled in with its parameters, where its integration passes inputs", async () => {
	const project = { slug: "web", pipeline: "", parameters: ["migrate", "region"] };
	const inputs = await readPipelineFile("gitlab", { ...project, mode: "inputs" });
	expect(inputs.path).toBe(".gitlab-ci.yml");
	const [head, body] = documents(inputs.content);
	expect(Object.keys(Spec.parse(head).spec.inputs)).toEqual([...NAMES, "migrate", "region"]);
	const { variables, resource_group } = File.parse(body).deploy;
	expect(variables?.["region"]).toEqual({ value: "$[[ inputs.region ]]", expand: false });
	expect(resource_group).toBe("web-$[[ inputs.ENV ]]");
	const plain = await readPipelineFile("gitlab", { ...project, mode: "variables" });
	expect(fileProblems(plain.content, "variables")).toEqual([]);
	expect(plain.content).toContain("resource_group: web-$ENV");
});

describe("a pipeline file that is not ours tells why", () => {
	const named = "workflow: { name: 'x $[[ inputs.JOB_ID ]]' }\n";
	const spec = `spec:\n  inputs: { ${NAMES.map((name) => `${name}: {}`).join(", ")} }\n---\n`;
	test.each([
		["variables", "", /no pipeline file that can be read/],
		["variables", "{", /no pipeline file that can be read/],
		["variables", "- a", /no pipeline file that can be read/],
		["variables", "test: { script: [make] }", /no job .* JOB_ID.*; no job of it checks out \$SHA/],
		["variables", "deploy: { rules: [{ if: $JOB_ID }], script: [./run.sh] }", /^no job of it checks out \$SHA/],
		[
			"inputs",
			`${named}a: { variables: { JOB_ID: x }, script: ['git checkout $SHA'] }`,
			/^its spec does not declare the inputs JOB_ID, ENV, REF, SHA, TYPE$/,
		],
		[
			"inputs",
			`${spec}a: { variables: { JOB_ID: x }, script: ['git checkout $SHA'] }`,
			/^its workflow:name does not carry/,
		],
	] as const)("%s: %j", (mode, text, why) => {
		expect(fileProblems(text, mode).join("; ")).toMatch(why);
	});

	test("but what it includes may hold the job, and GitLab's own tags are no error", () => {
		expect(fileProblems("include: [{ local: deploy.yml }]", "variables")).toEqual([]);
		const script = `[!reference [.a, script], 'git checkout ${"$"}{SHA}']`;
		const tagged = `deploy: { rules: [{ if: $JOB_ID }], script: ${script} }`;
		expect(fileProblems(tagged, "variables")).toEqual([]);
	});
});
