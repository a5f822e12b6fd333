import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** One piece of work's own folder. The process id tells whose it is when several runners share a work folder. */
export function folderOf(workFolder: string, jobId: string): string {
	return join(workFolder, `job-${process.pid}-${jobId}`);
}

/** Removes what runners that are not alive any more left behind. */
export async function sweep(workFolder: string): Promise<void> {
	await mkdir(workFolder, { recursive: true, mode: 0o700 });
	for (const name of await readdir(workFolder)) {
		const pid = Number(/^job-(\d+)-/.exec(name)?.[1] ?? Number.NaN);
		// Our own id: a container gives the same one to each of its runners.
		if (Number.isNaN(pid) || (pid !== process.pid && isAlive(pid))) continue;
		await rm(join(workFolder, name), { recursive: true, force: true, maxRetries: 3 });
	}
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}
