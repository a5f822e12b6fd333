import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** The user that Postgres runs as; it refuses to run as root. null: the user that we are. */
export interface RunAs {
	readonly uid: number;
	readonly gid: number;
}

export function unprivilegedUser(): RunAs | null {
	if (process.getuid?.() !== 0) return null;
	const users = readFileSync("/etc/passwd", "utf8").split("\n");
	for (const name of ["postgres", "nobody"]) {
		const fields = users.find((line) => line.startsWith(`${name}:`))?.split(":");
		if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
	}
	throw new Error(
		'Postgres does not run as root, and this machine has neither a user "postgres" nor "nobody": start as another user, or set DATABASE_URL.',
	);
}

/** Whether that user can reach a folder: every folder above it lets them through. */
export function canReach(user: RunAs, folder: string): boolean {
	for (let at = folder; ; at = dirname(at)) {
		const { mode, uid, gid } = statSync(at);
		const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
		if ((mode & bit) === 0) return false;
		if (at === dirname(at)) return true;
	}
}

/** Runs a program to its end. Throws what it printed when it failed. Its output is bounded. */
export async function runProgram(
	file: string,
	args: readonly string[],
	options: { readonly as: RunAs | null; readonly timeoutMs: number; readonly cwd: string },
): Promise<string> {
	const child = spawn(file, args, {
		cwd: options.cwd,
		stdio: ["ignore", "pipe", "pipe"],
		env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
		timeout: options.timeoutMs,
		...options.as,
	});
	let output = "";
	const take = (chunk: Buffer) => {
		output = (output + chunk.toString("utf8")).slice(-20_000);
	};
	child.stdout.on("data", take);
	child.stderr.on("data", take);
	const code = await new Promise<number | null>((resolve, reject) => {
		child.on("error", reject);
		// Not "close": what pg_ctl leaves running keeps the pipes open.
		child.on("exit", resolve);
	});
	child.stdout.destroy();
	child.stderr.destroy();
	if (code !== 0) throw new ProgramFailed(output.trim());
	return output;
}

/** A program ended with a failure; the message is what it printed. */
export class ProgramFailed extends Error {}
