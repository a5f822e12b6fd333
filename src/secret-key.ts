import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { readKey } from "./config/secret-keys.ts";
import { ConfigError } from "./config/variables.ts";

/**
 * The key that seals stored secrets when DRAVEN_SECRET_KEY is not set: made once in the data folder, for its owner alone, and never
 * overwritten. Safe when several processes start at once: one makes it, all read the same.
 */
export async function secretKeyIn(dataDir: string): Promise<Buffer> {
	const path = join(dataDir, "secret-key");
	const known = await read(path);
	if (known !== null) return known;
	await mkdir(dataDir, { recursive: true, mode: 0o700 });
	await make(path);
	const made = await read(path);
	if (made === null)
		throw new ConfigError(`${path} was made and is gone again: look who removes files from the data folder.`);
	return made;
}

async function read(path: string): Promise<Buffer | null> {
	let text: string;
	try {
		text = await readFile(path, "utf8");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
		throw new ConfigError(
			`${path} cannot be read (${(error as NodeJS.ErrnoException).code}): it has to be readable by this user.`,
		);
	}
	const key = readKey(text);
	if (key === null)
		throw new ConfigError(
			`${path} is malformed: it has to hold 32 bytes in base64. Restore it from a backup; without it the stored secrets cannot be opened.`,
		);
	return key;
}

/** Written whole aside, then linked: the name appears with all of its content or not at all, and an existing one stays. */
async function make(path: string): Promise<void> {
	const aside = `${path}.${process.pid}-${randomBytes(4).toString("hex")}`;
	const file = await open(aside, "wx", 0o600);
	try {
		await file.writeFile(`${randomBytes(32).toString("base64")}\n`);
		await file.sync();
		await link(aside, path);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
	} finally {
		await file.close();
		await unlink(aside);
	}
}
