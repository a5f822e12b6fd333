import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Removes a folder with all that is in it, also what was made read-only there, as package managers and builds do. */
export async function removeTree(folder: string): Promise<void> {
	const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
	try {
		await remove();
	} catch {
		await open(folder);
		await remove();
	}
}

/** Entries are removed by the right to write their folder: the files' own rights do not matter. Links are not followed. */
async function open(folder: string): Promise<void> {
	// Somebody else's: the removal says so.
	await chmod(folder, 0o700).catch(() => undefined);
	const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
	for (const entry of entries) if (entry.isDirectory()) await open(join(folder, entry.name));
}
