import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

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
	/** Ends the group also when this very process is killed (SIGKILL, out of memory). */
	readonly guarded: boolean;
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
	const unguard = call.guarded ? guard(group, call) : () => undefined;
	try {
		await Promise.race([ended, aborted(call.stop)]);
		await endGroup(group, call.graceMs);
		const end = await ended;
		await Promise.race([closed, sleep(DRAINED_WITHIN_MS, undefined, { ref: false })]);
		return end;
	} finally {
		child.stdout?.destroy();
		child.stderr?.destroy();
		unguard();
	}
}

function guard(group: number, call: GroupCall): () => void {
	const grace = String(Math.ceil(call.graceMs() / 1_000));
	const watchdog = spawn("/bin/sh", ["-c", WATCHDOG, "sh", String(group), grace], {
		detached: true,
		env: { PATH: call.env["PATH"] ?? "/usr/bin:/bin" },
		stdio: ["pipe", "ignore", "ignore"],
	});
	watchdog.on("error", () => undefined);
	watchdog.stdin.on("error", () => undefined);
	return () => watchdog.kill("SIGKILL");
}

function aborted(signal: AbortSignal): Promise<void> {
	if (signal.aborted) return Promise.resolve();
	return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

async function endGroup(group: number, graceMs: () => number): Promise<void> {
	if (!alive(group) || !signalGroup(group, "SIGTERM")) return;
	if (await goneWithin(group, graceMs())) return;
	signalGroup(group, "SIGKILL");
	await goneWithin(group, KILLED_WITHIN_MS);
}

async function goneWithin(group: number, ms: number): Promise<boolean> {
	const until = performance.now() + ms;
	for (let wait = 10; alive(group); wait = Math.min(wait * 2, 200)) {
		const left = until - performance.now();
		if (left <= 0) return false;
		await sleep(Math.min(wait, left));
	}
	return true;
}

function alive(group: number): boolean {
	return signalGroup(group, 0) && !onlyZombies(group);
}

/** False when the group has no member any more. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
	try {
		process.kill(-group, signal);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code !== "ESRCH";
	}
}

/** In a container without an init nobody reaps orphans, and signals find their zombies for ever. */
function onlyZombies(group: number): boolean {
	if (process.platform !== "linux") return false;
	const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
	return pids.every((pid) => {
		const [state, , pgrp] = statOf(pid);
		return pgrp !== String(group) || state === "Z" || state === "X";
	});
}

/** State, parent, group …: what stands after the command's name, which may hold anything. */
function statOf(pid: string): string[] {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	} catch {
		return [];
	}
}
