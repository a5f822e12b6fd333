import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { FakeRunnerServer } from "../../fakes/runner-server.ts";
import { eventually, isDead, Workshop } from "./workshop.ts";

let server: FakeRunnerServer;
let workshop: Workshop;
const started: ChildProcess[] = [];

beforeEach(async () => {
	server = await FakeRunnerServer.start();
	workshop = await Workshop.open();
});

afterEach(async () => {
	for (const child of started.splice(0)) child.kill("SIGKILL");
	await server.close();
	await workshop.close();
});

const PROCESS = fileURLToPath(new URL("./runner-process.js", import.meta.url));

interface RunningProcess {
	readonly child: ChildProcess;
	/** Exit code and everything printed, once all of it has ended. */
	readonly ended: Promise<{ code: number | null; printed: string }>;
}

function draven(
	args: readonly string[],
	env: Record<string, string> = {},
	before: readonly string[] = [],
): RunningProcess {
	const [file = "", ...rest] = [...before, process.execPath, PROCESS, ...args];
	const child = spawn(file, rest, {
		env: { ...workshop.env, ...env },
		cwd: workshop.folder,
		stdio: ["ignore", "pipe", "pipe"],
	});
	started.push(child);
	let printed = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.on("data", (chunk) => {
			printed += chunk;
		});
	}
	return { child, ended: once(child, "close").then(([code]) => ({ code, printed })) };
}

const runner = (...more: string[]) =>
	draven(["--url", server.url, "--work", workshop.work, ...more], { DRAVEN_TOKEN: server.token });

describe("a wrong call", () => {
	test.each([
		[[], "no token: give the runner's API token by --token-file, or set DRAVEN_TOKEN"],
		[["--url", "http://example.com"], "It has to be an https URL, or http on this machine"],
		[["--url", "https://user:secret@example.com"], "without user"],
		[["--url", "https://example.com"], "no token: give the runner's API token by --token-file, or set DRAVEN_TOKEN"],
		[["--url", "https://example.com", "--token", "x", "--labels", "a,,b"], "Up to 20 labels"],
		[["--url", "https://example.com", "--token", "x", "--grace", "soon"], "a number of seconds"],
		[["--url", "https://example.com", "--token", "x", "--nope"], "unknown option"],
		[["--url", "https://example.com", "--token", "x", "more"], "too many arguments"],
	])("%j ends with 2", async (args, sentence) => {
		const { code, printed } = await draven(args).ended;
		expect(printed).toContain(sentence);
		expect(code).toBe(2);
	});

	test("help ends with 0", async () => {
		const { code, printed } = await draven(["--help"]).ended;
		expect(code).toBe(0);
		expect(printed).toContain("--exit-with-parent");
		expect(printed).toContain("--token-file");
		expect(printed).toMatch(/labels are no boundary: stage and production need an integration each/);
	});
});

test("a token that the server does not know ends with 1 and one sentence", async () => {
	const { code, printed } = await draven(["--url", server.url, "--token", "not-the-token", "--work", workshop.work])
		.ended;
	expect(code).toBe(1);
	expect(printed).toContain("The server does not know the token (401)");
	expect(printed).not.toContain("not-the-token");
});

describe("the process", () => {
	test("gives the work PATH, HOME, LANG, TMPDIR and its variables, and nothing of its own secrets", async () => {
		const script = await workshop.script('env; echo "tmp: $TMPDIR"');
		const entry = server.offer({ ...script, variables: { JOB_ID: "1", ENV: "stage", migrate: "true" } });
		const secrets = {
			DRAVEN_TOKEN: server.token,
			SLACK_BOT_TOKEN: "xoxb-secret",
			DRAVEN_SECRET_KEY: "secret",
			NODE_ENV: "x",
		};
		const { code } = await draven(["--url", server.url, "--work", workshop.work, "--once"], secrets).ended;
		expect(code).toBe(0);
		const names = entry.lines.flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
		// PWD (and in some shells _, OLDPWD, SHLVL) is the shell's own.
		const own = names.filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name));
		expect(own.sort()).toEqual(["ENV", "HOME", "JOB_ID", "LANG", "PATH", "TMPDIR", "migrate"]);
		expect(entry.lines.join()).not.toMatch(/secret/);
		expect(entry.lines.join()).not.toContain(server.token);
		expect(entry.lines.find((line) => line.startsWith("tmp: "))).toContain(workshop.work);
	});

	test("takes its token from a file or its input, where its work does not find it in any environment", async () => {
		const script = await workshop.script(
			'tr "\\0" "\\n" <"/proc/$PPID/environ" || true; tr "\\0" " " <"/proc/$PPID/cmdline"',
		);
		const file = join(workshop.folder, "token");
		await writeFile(file, `${server.token}\n`);
		const args = ["--url", server.url, "--work", workshop.work, "--once"];
		const ways = [
			() => draven([...args, "--token-file", file]),
			() => draven([...args, "--token-file", "-"], {}, ["/bin/sh", "-c", `exec "$@" <"${file}"`, "sh"]),
		];
		// One after the other: of two that wait either may take the work.
		for (const start of ways) {
			const { ended } = start();
			const entry = server.offer(script);
			await server.until(() => entry.finish !== null);
			expect(entry.finish?.outcome).toBe("succeeded");
			expect(entry.lines.join()).toContain("--token-file");
			expect(entry.lines.join()).not.toContain(server.token);
			expect((await ended).code).toBe(0);
		}
	});

	test("a token file that cannot be read ends with 2 and says so", async () => {
		const { code, printed } = await draven(["--url", server.url, "--token-file", "/nowhere"]).ended;
		expect([code, printed]).toEqual([2, expect.stringContaining("the token file /nowhere cannot be read (ENOENT)")]);
	});

	test("ends with 1 when its one piece of work failed", async () => {
		server.offer(await workshop.script("exit 9"));
		expect((await runner("--once").ended).code).toBe(1);
	});

	test("ends with 0 on SIGTERM while it waits for work", async () => {
		const { child, ended } = runner();
		await server.until(() => server.claims.length === 1);
		child.kill("SIGTERM");
		expect((await ended).code).toBe(0);
	});

	test("ends its work after a second signal", async () => {
		const entry = server.offer(
			await workshop.script("trap 'echo end; exit' TERM; echo ready; while :; do sleep 0.05; done"),
		);
		const { child, ended } = runner();
		await server.until(() => entry.lines.includes("ready"));
		child.kill("SIGTERM");
		child.kill("SIGINT");
		expect((await ended).code).toBe(0);
		expect(entry.finish?.reason).toBe("The runner was stopped.");
	});

	test("takes its work with it when it is killed", async () => {
		const entry = server.offer(
			await workshop.script('trap "" TERM; echo $$ >"$HOME/pid"; echo ready; while :; do sleep 0.05; done'),
		);
		const { child } = runner("--grace", "1");
		await server.until(() => entry.lines.includes("ready"));
		const pid = Number(await readFile(join(workshop.home, "pid"), "utf8"));
		expect(await isDead(pid)).toBe(false);
		child.kill("SIGKILL");
		await eventually(() => isDead(pid));
	});

	test("ends with its parent", async () => {
		const args = ["--url", server.url, "--work", workshop.work, "--exit-with-parent"];
		const { child, ended } = draven(args, { DRAVEN_TOKEN: server.token }, ["/bin/sh", "-c", '"$@" & wait', "sh"]);
		await server.until(() => server.claims.length === 1);
		child.kill("SIGKILL");
		// The output closes only when the runner, which shares it, is gone too.
		await ended;
	});
});
