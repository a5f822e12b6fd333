import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { removeTree } from "./remove-tree.ts";

/** The message is a sentence for people. */
export class WorkFolderUnusable extends Error {}

/** One runner's part of a work folder that several runners may share, also those of other containers and machines. */
export interface WorkFolder {
	/** A new empty folder for one piece of work. */
	makeFolder(jobId: string): Promise<string>;
	/** Removes it. Never throws: what cannot be removed is said in the log. */
	removeFolder(folder: string): Promise<void>;
	/** Removes this runner's part. */
	close(): Promise<void>;
}

const PART = /^runner-[0-9a-f]{16}$/;
const ALIVE = "alive";
const TOUCH_EVERY_MS = 15_000;
/** Much longer than a runner may be busy, and than clocks of files may differ. */
const DEAD_AFTER_MS = 5 * 60_000;
const SWEEP_EVERY_MS = 60_000;

/**
 * Makes this runner's part of the work folder, and removes the parts of dead runners, now and then again. Who lives is told by a file
 * that each runner touches: a process id says nothing across containers. Throws WorkFolderUnusable.
 */
export async function openWorkFolder(workFolder: string, log: Logger): Promise<WorkFolder> {
	const own = `runner-${randomBytes(8).toString("hex")}`;
	const part = join(workFolder, own);
	const alive = join(part, ALIVE);
	// The time is the file system's own, the same for all who share it.
	const touch = () => writeFile(alive, "This runner lives for as long as it touches this file.\n");
	await mkdir(part, { recursive: true, mode: 0o700 })
		.then(touch)
		.catch((error: NodeJS.ErrnoException) => {
			throw new WorkFolderUnusable(
				`The work folder ${workFolder} cannot be used (${error.code}): give this user a folder of its own with --work.`,
			);
		});

	async function remove(folder: string): Promise<void> {
		await removeTree(folder).catch((error: NodeJS.ErrnoException) => {
			log.warn({ folder }, `A folder of ended work could not be removed (${error.code}): remove it by hand.`);
		});
	}

	let sweptAt = Number.NEGATIVE_INFINITY;
	let touchedAt = Date.now();
	async function sweep(): Promise<void> {
		sweptAt = Date.now();
		const now = (await stat(alive)).mtimeMs;
		for (const name of await readdir(workFolder)) {
			if (name === own || !PART.test(name)) continue;
			// A part without the file is being made, or was left by a start that was killed: its own time counts.
			const seen = await stat(join(workFolder, name, ALIVE)).catch(() =>
				stat(join(workFolder, name)).catch(() => null),
			);
			if (seen !== null && now - seen.mtimeMs > DEAD_AFTER_MS) await remove(join(workFolder, name));
		}
	}

	const timer = setInterval(() => {
		const slept = Date.now() - touchedAt > DEAD_AFTER_MS / 2;
		touchedAt = Date.now();
		touch()
			.then(async () => {
				// After a sleep of the whole machine the others did not touch theirs either: they may do so first.
				if (!slept && touchedAt - sweptAt >= SWEEP_EVERY_MS) await sweep();
			})
			.catch((error: Error) => log.warn(`The work folder cannot be kept: ${error.message}`));
	}, TOUCH_EVERY_MS).unref();
	await sweep();

	return {
		makeFolder: (jobId) => mkdtemp(join(part, `${jobId}-`)),
		removeFolder: remove,
		async close() {
			clearInterval(timer);
			await remove(part);
		},
	};
}
