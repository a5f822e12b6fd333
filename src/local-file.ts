import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const LocalFile = z.object({ url: z.url(), token: z.string().min(1) });
/** How a terminal on this machine reaches the server of local mode. */
export type LocalFile = z.infer<typeof LocalFile>;

/** `serve` writes it in local mode, once it listens: for its owner alone, whole or not at all. */
export async function writeLocalFile(dataDir: string, content: LocalFile): Promise<void> {
	await mkdir(dataDir, { recursive: true, mode: 0o700 });
	const path = pathIn(dataDir);
	const aside = `${path}.${process.pid}-${randomBytes(4).toString("hex")}`;
	try {
		const file = await open(aside, "wx", 0o600);
		try {
			await file.writeFile(`${JSON.stringify({ url: content.url, token: content.token })}\n`);
		} finally {
			await file.close();
		}
		await rename(aside, path);
	} catch (error) {
		await rm(aside, { force: true });
		throw error;
	}
}

/** Null: no server of local mode has been started here, or it has ended in order. */
export async function readLocalFile(dataDir: string): Promise<LocalFile | null> {
	try {
		return LocalFile.parse(JSON.parse(await readFile(pathIn(dataDir), "utf8")));
	} catch {
		// Absent, somebody else's, or garbled: in each case it names no server to speak to.
		return null;
	}
}

/** On the way out. Leaves the file of a server that was started here since then. */
export async function removeLocalFile(dataDir: string, token: string): Promise<void> {
	const found = await readLocalFile(dataDir);
	if (found?.token === token) await rm(pathIn(dataDir), { force: true });
}

function pathIn(dataDir: string): string {
	return join(dataDir, "local.json");
}
