import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, chmod, chown, mkdir, readFile, realpath, rename, rm, unlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import pg from "pg";
import { type Binaries, installBinaries } from "./binaries.ts";
import { removeLeftovers } from "./leftovers.ts";
import { canReach, ProgramFailed, type RunAs, runProgram, unprivilegedUser } from "./run-as.ts";
import { type ServerLock, takeServerLock, unlessServerLives } from "./server-lock.ts";

export interface EmbeddedOptions {
	/** The data folder of DRAVEN. */
	readonly dataDir: string;
	/** More lines for postgresql.conf of a new cluster; tests trade durability for speed. */
	readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
	readonly url: string;
	/** Stops Postgres, unless another process of ours works with it. */
	stop(): Promise<void>;
}

export interface ServerPostgres extends EmbeddedPostgres {
	/** One sentence, once this process has to end: another server works with the data folder, or Postgres is gone. */
	readonly lost: Promise<string>;
}

const USER = "draven";
const PASSWORD_FILE = "draven-password";
const START_TIMEOUT_MS = 60_000;
/** A command may stop the Postgres that it had started between our look and our lock. */
const START_TRIES = 3;

const SETTINGS: Readonly<Record<string, string>> = {
	listen_addresses: "'127.0.0.1'",
	unix_socket_directories: "''",
	max_connections: "60",
	shared_buffers: "'64MB'",
	log_min_messages: "warning",
};

/**
 * A real Postgres in the data folder, for one server. After a kill -9 the Postgres that was left behind is taken over. A second
 * server on the same folder is refused while the first one lives.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<ServerPostgres> {
	const cluster = await openCluster(options);
	for (let tries = 1; ; tries++) {
		const { url } = await cluster.up();
		const lock = await takeServerLock(url);
		if (lock === "taken")
			throw new Error(
				`Another DRAVEN server is at work on the data folder ${options.dataDir}: stop it first, or give this one a folder of its own with DRAVEN_DATA_DIR.`,
			);
		if (lock !== "away") return served(url, cluster, lock);
		if (tries === START_TRIES)
			throw new Error(
				"The embedded Postgres started and does not answer: look into its postgres.log in the data folder.",
			);
	}
}

function served(url: string, cluster: Cluster, lock: ServerLock): ServerPostgres {
	return {
		url,
		lost: lock.lost,
		async stop() {
			// Under the lock to the last: a server that comes meanwhile must not lose the Postgres that it has just joined.
			if (await lock.settle()) await cluster.down();
			await lock.release();
		},
	};
}

/** The same Postgres for a command beside the server: joins the one that runs, else starts it and stops it again. */
export async function joinEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
	const cluster = await openCluster(options);
	const { url, started } = await cluster.up();
	return {
		url,
		async stop() {
			if (started) await unlessServerLives(url, cluster.down);
		},
	};
}

interface Cluster {
	up(): Promise<{ url: string; started: boolean }>;
	down(): Promise<void>;
}

async function openCluster({ dataDir, settings = {} }: EmbeddedOptions): Promise<Cluster> {
	const as = unprivilegedUser();
	const home = await homeOf(dataDir, as);
	const binaries = await installBinaries(home);
	const pgdata = join(home, "pgdata");
	await initialise(binaries, home, pgdata, as, settings);
	const password = (await readFile(join(pgdata, PASSWORD_FILE), "utf8")).trim();
	const control = (...args: string[]) =>
		runProgram(binaries.pgCtl, [...args, "-D", pgdata], { as, timeoutMs: START_TIMEOUT_MS, cwd: home });

	async function running(): Promise<string | null> {
		const pid = await readPidFile(pgdata);
		if (pid === null) return null;
		const url = `postgres://${USER}:${password}@127.0.0.1:${pid.port}/postgres`;
		return (await isOurs(url, pgdata)) ? url : null;
	}

	return {
		async up() {
			const adopted = await running();
			if (adopted !== null) return { url: adopted, started: false };
			await removeForeignPidFile(pgdata);
			const port = await freePort();
			try {
				await control("start", "-w", "-t", "50", "-l", join(home, "postgres.log"), "-o", `-p ${port}`);
			} catch (error) {
				// Somebody else was faster: theirs is as good as ours.
				const theirs = await running();
				if (theirs !== null) return { url: theirs, started: false };
				const tail = await lastLines(join(home, "postgres.log"));
				const why = error instanceof ProgramFailed ? error.message : String(error);
				throw new Error(
					`The embedded Postgres did not start: ${tail || why} (its log is ${join(home, "postgres.log")}; DATABASE_URL takes a Postgres of your own instead).`,
				);
			}
			return { url: `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`, started: true };
		},
		async down() {
			await control("stop", "-m", "fast", "-w", "-t", "50").catch((error: unknown) => {
				if (existsSync(join(pgdata, "postmaster.pid"))) throw error;
			});
		},
	};
}

/**
 * Where Postgres's files lie: in the data folder, unless we are root and the user that Postgres runs as cannot get there (a 0700
 * home); then in /var/lib, under a name made from the data folder, so that the next start finds the same.
 */
async function homeOf(dataDir: string, as: RunAs | null): Promise<string> {
	// Only the folder itself is closed: a closed one above it would keep Postgres's own user out.
	await mkdir(dirname(resolve(dataDir)), { recursive: true });
	await mkdir(dataDir, { recursive: true, mode: 0o700 });
	const real = await realpath(dataDir);
	if (as === null) return makeHome(join(real, "postgres"), as);
	// Others may pass through to Postgres's own folder, and read nothing else.
	await chmod(real, 0o711);
	if (canReach(as, real)) return makeHome(join(real, "postgres"), as);
	const name = createHash("sha256").update(real).digest("hex").slice(0, 16);
	await mkdir("/var/lib/draven", { recursive: true, mode: 0o711 });
	return makeHome(join("/var/lib/draven", name), as);
}

async function makeHome(home: string, as: RunAs | null): Promise<string> {
	await mkdir(home, { recursive: true, mode: 0o700 });
	if (as !== null) await chown(home, as.uid, as.gid);
	return home;
}

/** initdb aside, then rename: half a cluster never counts. The password is born with the cluster it opens. */
async function initialise(
	binaries: Binaries,
	home: string,
	pgdata: string,
	as: RunAs | null,
	settings: Readonly<Record<string, string>>,
): Promise<void> {
	if (existsSync(join(pgdata, PASSWORD_FILE))) return;
	await removeLeftovers(home, "pgdata.new");
	await removeLeftovers(home, "password");
	const aside = join(home, `pgdata.new.${process.pid}`);
	const passwordFile = join(home, `password.${process.pid}`);
	await rm(aside, { recursive: true, force: true });
	const password = randomBytes(24).toString("base64url");
	try {
		await writeFile(passwordFile, password, { mode: 0o600 });
		if (as !== null) await chown(passwordFile, as.uid, as.gid);
		await runProgram(
			binaries.initdb,
			[
				...["-D", aside, "-U", USER, `--pwfile=${passwordFile}`, "--auth=scram-sha-256"],
				...["--data-checksums", "--encoding=UTF8", "--locale=C", "--no-instructions"],
			],
			{ as, timeoutMs: START_TIMEOUT_MS, cwd: home },
		);
		const lines = Object.entries({ ...SETTINGS, ...settings }).map(([name, value]) => `${name} = ${value}\n`);
		await appendFile(join(aside, "postgresql.conf"), `\n# DRAVEN\n${lines.join("")}`);
		await rename(passwordFile, join(aside, PASSWORD_FILE));
		await rename(aside, pgdata).catch((error: unknown) => {
			if (!existsSync(join(pgdata, PASSWORD_FILE))) throw error;
		});
	} finally {
		await rm(aside, { recursive: true, force: true });
		await rm(passwordFile, { force: true });
	}
}

/** Lines 1 and 4 of postmaster.pid are the process and the port. */
async function readPidFile(pgdata: string): Promise<{ pid: number; port: number } | null> {
	const text = await readFile(join(pgdata, "postmaster.pid"), "utf8").catch(() => "");
	const [pid, , , port] = text.split("\n");
	return Number(pid) > 0 && Number(port) > 0 ? { pid: Number(pid), port: Number(port) } : null;
}

/** A real login, and a look at whose data it is: the port may belong to any program by now. */
async function isOurs(url: string, pgdata: string): Promise<boolean> {
	const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
	client.on("error", () => {});
	try {
		await client.connect();
		const { rows } = await client.query<{ data_directory: string }>("SHOW data_directory");
		return rows[0]?.data_directory === pgdata;
	} catch {
		return false;
	} finally {
		await client.end().catch(() => {});
	}
}

/** Postgres clears a dead process's file itself, but not one whose number another program has by now. */
async function removeForeignPidFile(pgdata: string): Promise<void> {
	const file = await readPidFile(pgdata);
	if (file === null) return;
	const command = await readFile(`/proc/${file.pid}/cmdline`, "utf8").catch(() => null);
	// Its first word alone: the arguments of any program may speak of Postgres.
	if (command !== null && basename(command.split("\0")[0] ?? "") !== "postgres")
		await unlink(join(pgdata, "postmaster.pid"));
}

async function freePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const probe = createServer();
		probe.on("error", reject);
		probe.listen(0, "127.0.0.1", () => {
			const address = probe.address();
			probe.close(() =>
				address !== null && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
			);
		});
	});
}

async function lastLines(file: string): Promise<string> {
	const text = await readFile(file, "utf8").catch(() => "");
	return text.trim().split("\n").slice(-2).join(" ").slice(-500);
}
