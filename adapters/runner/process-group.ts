import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { groupOf, markedProcesses, onlyZombies } from "./processes.ts";

export interface GroupCall {
	readonly file: string;
	readonly args: readonly string[];
	readonly cwd: string | undefined;
	/** The whole environment. */
	readonly env: Readonly<Record<string, string>>;
	readonly input?: string;
	readonly onStdout: (chunk: Buffer) => void;
	readonly onStderr: (chunk: Buffer) => void;
	/** Ends the group early. */
	readonly stop: AbortSignal;
	/** Time between SIGTERM and SIGKILL; asked when the group is being ended. */
	readonly graceMs: () => number;
	/** The shell of a watchdog, which ends the group also when this very process is killed (SIGKILL, out of memory). null: none. */
	readonly watchdog: string | null;
	/**
	 * An entry of `env` that no other process has, such as `TMPDIR=…`. By it, on Linux, what left the group (setsid) is found and ended
	 * too when the group is stopped early. What leaves it and outlives a good end has meant to.
	 */
	readonly marker?: string;
}

export interface GroupEnd {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
}

/** Killed processes are gone in a moment, unless they hang in the kernel: then nobody can wait for them. */
const KILLED_WITHIN_MS = 5_000;
/** A process that left the group can hold the pipes for ever; what the group wrote is read by then. */
const DRAINED_WITHIN_MS = 1_000;
/** Its input closes when the runner dies, however it dies. */
const WATCHDOG = 'read -r _; kill -s TERM -- "-$1" && sleep "$2" && kill -s KILL -- "-$1"';

/**
 * Runs a program in a process group of its own until nothing of that group is left: what the program leaves behind in the
 * background is ended as well. Throws when it cannot be started.
 */
export async function runGroup(call: GroupCall): Promise<GroupEnd> {
	const child = spawn(call.file, call.args, {
		cwd: call.cwd,
		env: call.env,
		detached: true,
		stdio: [call.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
	});
	const ended = new Promise<GroupEnd>((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
	const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
	child.stdout?.on("data", call.onStdout);
	child.stderr?.on("data", call.onStderr);
	// Heard by once() below when it could not be started; later ones are of no use to anybody.
	child.on("error", () => undefined);
	// A program may end without reading its input; its exit code says what there is to say.
	child.stdin?.on("error", () => undefined).end(call.input);
	await once(child, "spawn");
	const group = child.pid as number;
	let unguard = () => {};
	try {
		// Without its watchdog nothing would end it after us: then it is ended now.
		if (call.watchdog !== null)
			unguard = await guard(group, call, call.watchdog).catch(async (error: unknown) => {
				signal(-group, "SIGKILL");
				await ended;
				throw error;
			});
		await Promise.race([ended, aborted(call.stop)]);
		const marker = call.stop.aborted ? (call.marker ?? null) : null;
		await endGroup({ group, marker }, call.graceMs);
		const end = await ended;
		await Promise.race([closed, sleep(DRAINED_WITHIN_MS, undefined, { ref: false })]);
		return end;
	} finally {
		child.stdout?.destroy();
		child.stderr?.destroy();
		unguard();
	}
}

async function guard(group: number, call: GroupCall, shell: string): Promise<() => void> {
	const grace = String(Math.ceil(call.graceMs() / 1_000));
	const watchdog = spawn(shell, ["-c", WATCHDOG, "sh", String(group), grace], {
		detached: true,
		env: { PATH: call.env["PATH"] ?? "/usr/bin:/bin" },
		stdio: ["pipe", "ignore", "ignore"],
	});
	watchdog.stdin.on("error", () => undefined);
	await once(watchdog, "spawn").catch((error: NodeJS.ErrnoException) => {
		throw new Error(`its watchdog ${shell} could not be started (${error.code ?? "unknown"}).`);
	});
	watchdog.on("error", () => undefined);
	return () => watchdog.kill("SIGKILL");
}

function aborted(signal: AbortSignal): Promise<void> {
	if (signal.aborted) return Promise.resolve();
	return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

interface Members {
	readonly group: number;
	/** null: what left the group is let alone. */
	readonly marker: string | null;
}

async function endGroup(members: Members, graceMs: () => number): Promise<void> {
	if (!alive(members)) return;
	signalAll(members, "SIGTERM");
	if (await goneWithin(members, graceMs())) return;
	signalAll(members, "SIGKILL");
	await goneWithin(members, KILLED_WITHIN_MS);
}

async function goneWithin(members: Members, ms: number): Promise<boolean> {
	const until = performance.now() + ms;
	for (let wait = 10; alive(members); wait = Math.min(wait * 2, 200)) {
		const left = until - performance.now();
		if (left <= 0) return false;
		await sleep(Math.min(wait, left));
	}
	return true;
}

function alive({ group, marker }: Members): boolean {
	return (signal(-group, 0) && !onlyZombies(group)) || (marker !== null && markedProcesses(marker).length > 0);
}

function signalAll({ group, marker }: Members, name: NodeJS.Signals): void {
	signal(-group, name);
	if (marker !== null) for (const pid of markedProcesses(marker)) if (groupOf(pid) !== group) signal(pid, name);
}

/** False when there is nobody any more. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
	try {
		process.kill(pid, name);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code !== "ESRCH";
	}
}
