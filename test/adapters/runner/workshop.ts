import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { pino } from "pino";
import { RunnerClient } from "../../../adapters/runner/client.ts";
import type { Outcome } from "../../../adapters/runner/execute.ts";
import { type RunnerOptions, runRunner } from "../../../adapters/runner/runner.ts";
import type { FakeRunnerServer } from "../../fakes/runner-server.ts";

/** A folder of the test's own, and real git in it. */
export class Workshop {
	readonly folder: string;

	private constructor(folder: string) {
		this.folder = folder;
	}

	static async open(): Promise<Workshop> {
		return new Workshop(await realpath(await mkdtemp(join(tmpdir(), "draven-runner-test-"))));
	}

	get home(): string {
		return join(this.folder, "home");
	}

	get work(): string {
		return join(this.folder, "work");
	}

	get env(): Record<string, string> {
		return { PATH: process.env["PATH"] ?? "", HOME: this.home };
	}

	async close(): Promise<void> {
		await rm(this.folder, { recursive: true, force: true });
	}

	/** A repository with one commit that holds these files; those that begin with `#!` are executable. */
	async repository(files: Readonly<Record<string, string>>): Promise<{ url: string; sha: string }> {
		await mkdir(this.home, { recursive: true });
		const url = await mkdtemp(join(this.folder, "repository-"));
		await this.git(url, "init", "--quiet", "--initial-branch=main");
		return { url, sha: await this.commit(url, files) };
	}

	async commit(url: string, files: Readonly<Record<string, string>>): Promise<string> {
		for (const [path, text] of Object.entries(files)) {
			await mkdir(dirname(join(url, path)), { recursive: true });
			await writeFile(join(url, path), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
		}
		await this.git(url, "add", "--all");
		await this.git(url, "commit", "--quiet", "--allow-empty", "--message", "A commit");
		return this.git(url, "rev-parse", "HEAD");
	}

	/** A repository whose entrypoint is this shell script. */
	async script(lines: string): Promise<{ repository: string; sha: string }> {
		const { url, sha } = await this.repository({ "deploy/run.sh": `#!/bin/sh\n${lines}\n` });
		return { repository: url, sha };
	}

	async git(folder: string, ...args: string[]): Promise<string> {
		const person = ["-c", "user.name=Ada", "-c", "user.email=ada@acme.test"];
		const env = { ...this.env, GIT_CONFIG_NOSYSTEM: "1" };
		const { stdout } = await promisify(execFile)("git", [...person, ...args], { cwd: folder, env });
		return stdout.trim();
	}
}

export interface RunningRunner {
	readonly ended: Promise<Outcome | null>;
	/** What it logged, one JSON a line. */
	readonly logged: string[];
	stop(): void;
	hurry(): void;
}

/** The real runner, in this process. */
export function startRunner(
	server: FakeRunnerServer,
	workshop: Workshop,
	more: Partial<RunnerOptions> = {},
): RunningRunner {
	const stop = new AbortController();
	const hurry = new AbortController();
	const logged: string[] = [];
	const ended = runRunner({
		client: new RunnerClient({ url: server.url, token: server.token }),
		name: "test-runner",
		labels: ["linux"],
		workFolder: workshop.work,
		home: workshop.home,
		env: workshop.env,
		graceMs: 1_000,
		drainMs: 20_000,
		waitSeconds: 5,
		once: true,
		stop: stop.signal,
		hurry: hurry.signal,
		log: pino({ level: "debug" }, { write: (line: string) => logged.push(line) }),
		...more,
	});
	return { ended, logged, stop: () => stop.abort(), hurry: () => hurry.abort() };
}

/** Not a member of the living: gone, or a zombie that nobody reaped yet. */
export async function isDead(pid: number): Promise<boolean> {
	const { stdout } = await promisify(execFile)("ps", ["-o", "stat=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
	return stdout.trim() === "" || stdout.trim().startsWith("Z");
}

/** For what no event tells: looks again and again until it holds; the test's own time-out is the limit. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
	while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
