import { access, constants, mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ConfigError } from "./config/variables.ts";

/** Makes the data folder when it is not there: closed to others, what lies above it as usual. Throws one sentence when it cannot. */
export async function makeDataFolder(dataDir: string): Promise<void> {
	const path = resolve(dataDir);
	try {
		await make(path, 0o700);
		await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
	} catch (error) {
		const { code = "unknown" } = error as NodeJS.ErrnoException;
		throw new ConfigError(
			`DRAVEN_DATA_DIR is ${path}, which cannot be made or written to (${code}): name a folder that belongs to this user.`,
		);
	}
}

/** Step by step: node's own way to make all of them at once never ends where a folder above takes none (/proc). */
async function make(path: string, mode: number): Promise<void> {
	try {
		await mkdir(path, { mode });
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === "EEXIST" && (await stat(path)).isDirectory()) return;
		if (code !== "ENOENT" || dirname(path) === path || (await isFolder(dirname(path)))) throw error;
		await make(dirname(path), 0o755);
		await mkdir(path, { mode });
	}
}

function isFolder(path: string): Promise<boolean> {
	return stat(path).then(
		(found) => found.isDirectory(),
		() => false,
	);
}
