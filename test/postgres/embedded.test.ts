import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { SERVER_LOCK } from "../../src/postgres/server-lock.ts";
import { commandOf, Folder, query, urlOf } from "./folder.ts";

const root = process.getuid?.() === 0;
const IN_USE = (dataDir: string) =>
	`Another DRAVEN server is at work on the data folder ${dataDir}: stop it first, or give this one a folder of its own with DRAVEN_DATA_DIR.`;

async function usersOf(pid: number): Promise<number[]> {
	const [, users = ""] = /^Uid:\s+(.*)$/m.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
	return users.split(/\s+/).map(Number);
}

describe("from an empty folder", () => {
	let folder: Folder;
	beforeEach(async () => {
		folder = await Folder.make();
	});
	afterEach(() => folder.remove());

	test("it starts for us alone: loopback, password, no root; and is the same after a restart", async () => {
		const { starting, url } = await folder.server();
		const { hostname, password } = new URL(url);
		expect([hostname, password]).toEqual(["127.0.0.1", expect.stringMatching(/^[\w-]{32}$/)]);
		const settings = await query(
			url,
			"SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'unix_socket_directories', 'fsync', 'data_checksums', 'full_page_writes') ORDER BY name",
		);
		expect(Object.fromEntries(settings.map((row) => [row["name"], row["setting"]]))).toEqual({
			...{ data_checksums: "on", fsync: "on", full_page_writes: "on", listen_addresses: "127.0.0.1" },
			unix_socket_directories: "",
		});
		expect(await query(url, "SELECT DISTINCT auth_method FROM pg_hba_file_rules")).toEqual([
			{ auth_method: "scram-sha-256" },
		]);
		await expect(query(url.replace(password, "guess"), "SELECT 1")).rejects.toMatchObject({ code: "28P01" });

		const pgdata = await folder.pgdata(url);
		const secret = await stat(join(pgdata, "draven-password"));
		expect(secret.mode & 0o777).toBe(0o600);
		expect((await stat(pgdata)).mode & 0o077).toBe(0);
		expect((await stat(dirname(pgdata))).mode & 0o077).toBe(0);
		const postmaster = (await folder.postmaster()) ?? 0;
		const users = await usersOf(postmaster);
		expect(users.every((user) => (root ? user !== 0 : user === process.getuid?.()))).toBe(true);
		expect(await commandOf(postmaster)).not.toContain(password);
		expect(await readFile(join(dirname(pgdata), "postgres.log"), "utf8")).not.toContain(password);

		await query(url, "CREATE TABLE kept AS SELECT 1 AS n");
		await starting.end();
		expect(await folder.postmaster()).toBeNull();
		const again = await folder.server();
		expect(new URL(again.url).password).toBe(password);
		expect(await query(again.url, "SELECT n FROM kept")).toEqual([{ n: 1 }]);
	});

	test("of two that start at the same moment one has it, and the other is refused", async () => {
		const both = [folder.start(), folder.start()];
		const said = await Promise.all(both.map((one) => one.said));
		const urls = said.flatMap((one) => (one !== "died" && "url" in one ? [one.url] : []));
		expect(urls).toHaveLength(1);
		await folder.pgdata(urls[0] ?? "");
		expect(said).toContainEqual({ refused: IN_USE(folder.dataDir) });
		expect(await query(urls[0] ?? "", "SELECT 1 AS n")).toEqual([{ n: 1 }]);
	});

	test("an initdb that was killed half-way does not count, and does not stay", async () => {
		const home = join(folder.dataDir, "postgres");
		const killed = folder.start();
		await until(async () => (await readdir(home).catch(() => [])).some((name) => name.startsWith("pgdata.new")));
		await killed.kill();
		const { url } = await folder.server();
		expect(await query(url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
		const pgdata = await folder.pgdata(url);
		expect((await readdir(dirname(pgdata))).filter((name) => /^(pgdata|password)\./.test(name))).toEqual([]);
	});

	(root ? test : test.skip)(
		"in a home that only root may enter, Postgres's files lie where its user can reach them",
		async () => {
			await mkdir(folder.dataDir, { recursive: true });
			await chmod(folder.parent, 0o700);
			const { url, starting } = await folder.server();
			const pgdata = await folder.pgdata(url);
			expect(pgdata).toMatch(/^\/var\/lib\/draven\/[0-9a-f]{16}\/pgdata$/);
			await query(url, "CREATE TABLE kept AS SELECT 1 AS n");
			await starting.end();
			expect(await query((await folder.server()).url, "SELECT n FROM kept")).toEqual([{ n: 1 }]);
		},
	);
});

let folder: Folder;
beforeAll(async () => {
	folder = await Folder.make();
});
afterEach(() => folder.quiet());
afterAll(() => folder.remove());

describe("while a server lives", () => {
	test("a second one is refused with one sentence, and the first one does not notice", async () => {
		const { starting, url } = await folder.server();
		expect(await folder.start().said).toEqual({ refused: IN_USE(folder.dataDir) });
		expect(await query(url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
		await starting.end();
		expect(await folder.postmaster()).toBeNull();
		await folder.server();
	});

	test("a command joins it and leaves it running; alone, it starts and stops its own", async () => {
		const alone = folder.start("command");
		const own = urlOf(await alone.said);
		await folder.pgdata(own);
		const { starting, url } = await folder.server();
		expect(url).toBe(own);
		// The server came while the command was at work: it is not the command's any more.
		await alone.end();
		expect(await query(url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
		const joined = folder.start("command");
		expect(urlOf(await joined.said)).toBe(url);
		await joined.end();
		expect(await query(url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
		await starting.end();
		const last = folder.start("command");
		await last.said;
		await last.end();
		expect(await folder.postmaster()).toBeNull();
	});
});

describe("a server that loses the connection of its lock", () => {
	const guards = `SELECT a.pid FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'advisory' AND l.granted`;
	const guardOf = async (url: string) => (await query(url, guards).catch(() => []))[0]?.["pid"];

	test("takes it again: a second one is refused as before, and the first one still ends Postgres", async () => {
		const { starting, url } = await folder.server();
		const before = await guardOf(url);
		await query(url, `SELECT pg_terminate_backend(${before})`);
		await until(async () => ![undefined, before].includes(await guardOf(url)));
		expect(await folder.start().said).toEqual({ refused: IN_USE(folder.dataDir) });
		expect(await query(url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
		await starting.end();
		expect(await folder.postmaster()).toBeNull();
	});

	test("takes it again after Postgres itself was restarted", async () => {
		const { starting, url } = await folder.server();
		const pid = (await folder.postmaster()) ?? 0;
		const backend = await guardOf(url);
		// The postmaster ends all others when one of them is killed, recovers, and goes on.
		process.kill(Number(backend), "SIGKILL");
		await until(async () => ![undefined, backend].includes(await guardOf(url)));
		expect(await folder.postmaster()).toBe(pid);
		await starting.end();
		expect(await folder.postmaster()).toBeNull();
	});

	test("ends with one sentence when another one has it by then, and leaves Postgres to it", async () => {
		const { starting, url } = await folder.server();
		const other = new pg.Client({ connectionString: url });
		other.on("error", () => {});
		await other.connect();
		const waiting = other.query(`SELECT pg_advisory_lock(${SERVER_LOCK})`);
		await until(async () => (await query(url, "SELECT 1 FROM pg_locks WHERE NOT granted")).length > 0);
		await query(url, `SELECT pg_terminate_backend(${await guardOf(url)})`);
		await waiting;
		const { lines, code } = await starting.ended;
		expect([code, JSON.parse(lines.at(-1) ?? "")]).toEqual([
			1,
			{ lost: expect.stringMatching(/^Another DRAVEN server took over /) },
		]);
		expect((await other.query("SELECT 1 AS n")).rows).toEqual([{ n: 1 }]);
		await other.end();
	});
});

describe("after a kill -9", () => {
	test("the Postgres that was left behind is taken over, again and again, and nothing is lost", async () => {
		let { starting, url } = await folder.server();
		const postmaster = await folder.postmaster();
		await query(url, "CREATE TABLE kept (n int)");
		for (let n = 1; n <= 4; n++) {
			await query(url, `INSERT INTO kept VALUES (${n})`);
			await starting.kill();
			({ starting, url } = await folder.server());
			expect(await folder.postmaster()).toBe(postmaster);
			expect(await query(url, "SELECT count(*)::int AS n FROM kept")).toEqual([{ n }]);
		}
		await starting.end();
		expect(await commandOf(postmaster ?? 0)).toBe("");
	});

	test("at any moment of a start the next start works", async () => {
		await (await folder.server()).starting.end();
		for (let round = 0; round < 5; round++) {
			const killed = folder.start();
			await new Promise((resolve) => setTimeout(resolve, 200 + 100 * round));
			await killed.kill();
			const { starting, url } = await folder.server();
			expect(await query(url, "SELECT 1 AS n")).toEqual([{ n: 1 }]);
			await (round % 2 === 0 ? starting.end() : starting.kill());
		}
	});

	test("of Postgres itself, and of a whole machine that gave its number to another program, it starts anew", async () => {
		const { starting, url } = await folder.server();
		await query(url, "CREATE TABLE whole AS SELECT 1 AS n");
		const pgdata = await folder.pgdata(url);
		const file = join(pgdata, "postmaster.pid");
		const text = await readFile(file, "utf8");
		const postmaster = (await folder.postmaster()) ?? 0;
		await starting.kill();
		process.kill(postmaster, "SIGKILL");
		await until(async () => (await commandOf(postmaster)) === "");
		const again = await folder.server();
		expect(await query(again.url, "SELECT n FROM whole")).toEqual([{ n: 1 }]);
		await again.starting.end();

		const mine = text.replace(/^\d+/, String(process.pid));
		await writeFile(file, mine, { mode: 0o600 });
		expect(await query((await folder.server()).url, "SELECT n FROM whole")).toEqual([{ n: 1 }]);
		expect(await commandOf(process.pid)).not.toBe("");
	});
});

async function until(holds: () => Promise<boolean>): Promise<void> {
	for (let tries = 0; !(await holds()); tries++) {
		if (tries > 2_000) throw new Error("what was awaited does not come");
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}
