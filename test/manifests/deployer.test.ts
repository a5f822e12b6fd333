import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

const FOLDER = "manifests/pipelines/deployer";
const SHA = "0123456789abcdef0123456789abcdef01234567";
const VARIABLES = { JOB_ID: "0b8f7a5e", ENV: "stage", REF: "v1.0.0", SHA, TYPE: "deploy" };

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "draven-deployer-"));
	await mkdir(join(folder, "vendor/bin"), { recursive: true });
	await copyFile(join(FOLDER, "deploy/run.sh"), join(folder, "run.sh"));
	await dep("");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Stands for Deployer: writes down how it is called. */
async function dep(fails: string): Promise<void> {
	const lines = ["#!/bin/sh", 'echo "$SHA $*" >>"$CALLS"', `[ "$1" != "${fails}" ]`];
	await writeFile(join(folder, "vendor/bin/dep"), `${lines.join("\n")}\n`, { mode: 0o755 });
}

/** Runs the entrypoint; gives how it called Deployer, and how it ended. */
async function run(change: Record<string, string> = {}): Promise<{ code: number; calls: string[]; said: string }> {
	const calls = join(folder, "calls");
	const env = { PATH: process.env["PATH"] ?? "", CALLS: calls, ...VARIABLES, ...change };
	const ended = await promisify(execFile)(join(folder, "run.sh"), { cwd: folder, env }).then(
		({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
		({ code, stdout, stderr }) => ({ code: Number(code), said: `${stdout}${stderr}` }),
	);
	const written = await readFile(calls, "utf8").catch(() => "");
	await rm(calls, { force: true });
	return { ...ended, calls: written.split("\n").filter((line) => line !== "") };
}

const called = (...tasks: string[]) => tasks.map((task) => `${SHA} ${task}`);
const AT = "env=stage --no-interaction";

describe("the entrypoint for Deployer", () => {
	test("deploys the very commit to the hosts of the environment", async () => {
		expect(await run()).toMatchObject({
			code: 0,
			calls: called(`deploy:info ${AT} --revision=${SHA}`, `deploy ${AT} --revision=${SHA}`),
		});
	});

	test("goes back to the kept release of the commit, or releases it anew", async () => {
		expect(await run({ TYPE: "rollback" })).toMatchObject({
			code: 0,
			calls: called(`draven:kept ${AT}`, `rollback ${AT}`),
		});
		await dep("draven:kept");
		expect(await run({ TYPE: "rollback" })).toMatchObject({
			...{ code: 0, said: expect.stringContaining("releasing it anew") },
			calls: called(`draven:kept ${AT}`, `deploy ${AT} --revision=${SHA}`),
		});
	});

	test("of a dry-run changes nothing", async () => {
		expect((await run({ TYPE: "dry-run" })).calls).toEqual(
			called(`deploy:info ${AT} --revision=${SHA}`, `deploy ${AT} --revision=${SHA} --plan`),
		);
	});

	test("fails when Deployer does, and calls nothing more", async () => {
		await dep("deploy:info");
		expect(await run()).toMatchObject({ code: 1, calls: called(`deploy:info ${AT} --revision=${SHA}`) });
		await dep("deploy");
		expect((await run()).code).toBe(1);
	});

	test.each([
		[{ SHA: "" }, /variable SHA is missing/],
		[{ SHA: "main; rm -rf ~" }, /is no commit/],
		[{ ENV: "stage; reboot" }, /cannot be the label/],
		[{ TYPE: "explode" }, /is none of deploy, rollback, dry-run/],
	])("refuses what is not DRAVEN's to send (%j)", async (change, why) => {
		const { code, calls, said } = await run(change);
		expect({ code, calls }).toEqual({ code: 1, calls: [] });
		expect(said).toMatch(why);
	});

	test("has a recipe with the tasks that it calls", async () => {
		const recipe = await readFile(join(FOLDER, "deploy.php"), "utf8");
		for (const task of ["deploy", "rollback", "draven:kept"]) expect(recipe).toContain(`task('${task}'`);
		// It is Deployer's own.
		expect(recipe).toContain("require 'recipe/common.php'");
	});
});
