import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
import { describe, expect, test } from "@jest/globals";
import { readPipelineFile } from "../../src/pipeline-files.ts";

const exec = promisify(execFile);
const FOLDER = "manifests/pipelines";
const STANDARD = ["JOB_ID", "ENV", "REF", "SHA", "TYPE"];

describe("the workflow of GitHub", () => {
	/** As GitHub itself reads it. */
	async function parsed(content: string) {
		const { value, context } = parseWorkflow({ name: "deploy.yml", content }, new NoOperationTraceWriter());
		const errors = context.errors.getErrors().map(({ message }) => message);
		return { errors, workflow: value === undefined ? null : await convertWorkflowTemplate(context, value) };
	}

	test("is one that GitHub takes, with the standard variables as its inputs and none else", async () => {
		const { errors, workflow } = await parsed(await readFile(join(FOLDER, "github/deploy.yml"), "utf8"));
		expect(errors).toEqual([]);
		expect(workflow?.errors ?? []).toEqual([]);
		expect(Object.keys(workflow?.events.workflow_dispatch?.inputs ?? {})).toEqual(STANDARD);
		expect(workflow?.jobs.map(({ id }) => id.value)).toEqual(["deploy"]);
	});

	test("is one too when it was filled in for a project", async () => {
		const project = { slug: "web", pipeline: "web.yml", parameters: ["migrate", "region"] };
		const file = await readPipelineFile("github", project);
		const { errors, workflow } = await parsed(file?.content ?? "");
		expect(errors).toEqual([]);
		expect(Object.keys(workflow?.events.workflow_dispatch?.inputs ?? {})).toEqual([...STANDARD, ...project.parameters]);
	});

	test.each([
		["runs-on", "run-on"],
		["inputs.JOB_ID", "inputz.JOB_ID"],
		["type: string", "type: text"],
	])("would not be taken with a mistake in it (%s)", async (right, wrong) => {
		const ready = await readFile(join(FOLDER, "github/deploy.yml"), "utf8");
		expect((await parsed(ready.replace(right, wrong))).errors).not.toEqual([]);
	});
});

const shellcheck = await exec("shellcheck", ["--version"]).then(
	() => true,
	() => false,
);
if (!shellcheck && process.env["DRAVEN_TEST_SHELLCHECK"] === "required")
	throw new Error("shellcheck is required here and is not installed.");
if (!shellcheck)
	process.stderr.write("Skipped: the shell scripts are checked by shellcheck (Debian's package of that name).\n");

// Where it is not installed it says so above; CI installs it and demands it.
(shellcheck ? test : test.skip)("every shell script is POSIX and clean", async () => {
	const files = await readdir(FOLDER, { recursive: true });
	const scripts = files.filter((file) => file.endsWith(".sh")).map((file) => join(FOLDER, file));
	expect(scripts).toContain(join(FOLDER, "deploy/run.sh"));
	const { stdout } = await exec("shellcheck", ["--shell=sh", "--severity=style", ...scripts]).catch((error) => error);
	expect(stdout).toBe("");
});

test.each(["deploy/run.sh", "deployer/deploy/run.sh"])(
	"%s releases nothing but the commit that was approved",
	async (script) => {
		const home = await mkdtemp(join(tmpdir(), "draven-entrypoint-"));
		try {
			const cwd = join(home, "checkout");
			await mkdir(cwd);
			const git = async (...args: string[]) =>
				(await exec("git", ["-c", "user.name=x", "-c", "user.email=x@x.test", ...args], { cwd })).stdout.trim();
			await git("init", "--quiet");
			await git("commit", "--quiet", "--allow-empty", "-m", "approved");
			const approved = await git("rev-parse", "HEAD");
			await git("commit", "--quiet", "--allow-empty", "-m", "came later");
			const variables = { JOB_ID: "0b8f7a5e", ENV: "stage", REF: "main", SHA: approved, TYPE: "deploy" };
			const env = { PATH: process.env["PATH"] ?? "", HOME: home, ...variables };
			const run = () =>
				exec(join(process.cwd(), FOLDER, script), [], { cwd, env }).then(
					({ stdout }) => stdout,
					({ stderr }) => String(stderr),
				);
			expect(await run()).toContain(`Checked out is ${await git("rev-parse", "HEAD")}, and approved was ${approved}`);
			await expect(access(join(home, "sites"))).rejects.toThrow();
			await git("checkout", "--quiet", "--detach", approved);
			expect(await run()).not.toContain("approved was");
		} finally {
			await rm(home, { recursive: true, force: true });
		}
	},
);
