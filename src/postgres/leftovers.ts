import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Removes `<name>.<pid>` of processes that are gone: what they made aside, and were killed before they could put it in its place. */
export async function removeLeftovers(folder: string, name: string): Promise<void> {
	for (const entry of await readdir(folder)) {
		if (!entry.startsWith(`${name}.`)) continue;
		const pid = entry.slice(name.length + 1);
		if (!/^\d+$/.test(pid) || isAlive(Number(pid))) continue;
		// A program that they had started may still be writing there for a moment.
		await rm(join(folder, entry), { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
	}
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code !== "ESRCH";
	}
}
