import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { MIGRATIONS } from "../../migrations/index.ts";
import { migrateStore, openStore } from "../../src/open-store.ts";
import { openDataSource } from "../../src/store/data-source.ts";
import { migrate } from "../../src/store/migrate.ts";
import { NamedClient } from "../../src/store/named-client.ts";
import { databaseUrl } from "../support/cluster.ts";
import { createTestDatabase } from "../support/database.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let admin: pg.Client;
let dataDir: string;
/** A user of its own, who owns nothing. */
const STRANGER = "stranger_of_connection_test";
const EMPTY = `empty_${process.pid}`;

beforeAll(async () => {
	dataDir = await mkdtemp(join(tmpdir(), "draven-connection-"));
	database = await createTestDatabase();
	admin = new pg.Client({ connectionString: database.url });
	await admin.connect();
	await admin.query(`CREATE DATABASE ${EMPTY}`);
	await admin.query(`CREATE ROLE ${STRANGER} LOGIN PASSWORD 'pass-word-1'`);
});
afterAll(async () => {
	await admin.query(`DROP DATABASE ${EMPTY} WITH (FORCE)`);
	await admin.query(`DROP ROLE ${STRANGER}`);
	await admin.end();
	await database.drop();
	await rm(dataDir, { recursive: true, force: true });
});

const open = (databaseUrl: string) => openStore({ databaseUrl, dataDir, secretKeys: [Buffer.alloc(32, 1)] }, "server");

function changed(change: (url: URL) => void): string {
	const url = new URL(database.url);
	change(url);
	return url.href;
}

/** A server that answers every connection in its own way. */
async function impostor(answer: (socket: Socket) => void) {
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on("error", () => {});
		answer(socket);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const close = () => {
		server.close();
		for (const socket of sockets) socket.destroy();
	};
	return { port: String((server.address() as AddressInfo).port), close };
}

/** Postgres's message "Authentication": 10 offers SASL, 11 goes on with it. */
function authentication(kind: number, data: string): Buffer {
	const head = Buffer.alloc(9);
	head.write("R");
	head.writeInt32BE(8 + data.length, 1);
	head.writeInt32BE(kind, 5);
	return Buffer.concat([head, Buffer.from(data)]);
}

async function sentence(url: string): Promise<string> {
	const error = await open(url).then(
		() => null,
		(thrown: Error) => thrown,
	);
	if (error === null) throw new Error("it opened");
	expect(error.name).toBe("StoreError");
	for (const secret of ["pass-word", new URL(database.url).password]) expect(error.message).not.toContain(secret);
	expect(error.message).not.toContain("\n");
	return error.message;
}

describe("a database that cannot be used is told in one sentence, without its password", () => {
	test("nobody listens", async () => {
		const { port, close } = await impostor(() => {});
		close();
		const url = changed((one) => {
			one.port = port;
		});
		expect(await sentence(url)).toBe(
			`The database at 127.0.0.1:${port} cannot be used: it does not answer (ECONNREFUSED). Check the host and port in DATABASE_URL, and that Postgres is running.`,
		);
	});

	test("no such host", async () => {
		const url = changed((one) => {
			one.hostname = "nowhere.invalid";
		});
		expect(await sentence(url)).toMatch(
			/cannot be used: it does not answer \((ENOTFOUND|EAI_AGAIN)\)\. Check the host/,
		);
	});

	test("wrong password, and a user who is not there", async () => {
		const refusal = "cannot be used: it refuses the user or password. Correct them in DATABASE_URL.";
		const wrong = changed((one) => {
			one.password = "pass-word-wrong";
		});
		expect(await sentence(wrong)).toContain(refusal);
		const nobody = changed((one) => {
			one.username = "nobody-we-know";
		});
		expect(await sentence(nobody)).toContain(refusal);
	});

	test("no password at all", async () => {
		// The true one would hold the connection that we leave half-open for a minute, and with it every DROP DATABASE.
		const { port, close } = await impostor((socket) => {
			socket.write(authentication(10, "SCRAM-SHA-256\0\0"));
			socket.once("data", () => socket.once("data", () => socket.write(authentication(11, "r=x,s=x,i=1"))));
		});
		const url = changed((one) => {
			one.port = port;
			one.password = "";
		});
		expect(await sentence(url)).toContain("it asks for a password. Add it to DATABASE_URL.");
		close();
	});

	test("no such database", async () => {
		const url = databaseUrl(database.url, "not_there");
		expect(await sentence(url)).toContain("it does not exist. Create it, or correct its name in DATABASE_URL.");
	});

	test("a user who may not create tables", async () => {
		const url = new URL(databaseUrl(database.url, EMPTY));
		url.username = STRANGER;
		url.password = "pass-word-1";
		expect(await sentence(url.href)).toContain("its user may not create tables.");
	});

	test("something that is no Postgres, or hangs up", async () => {
		for (const answer of ["HTTP/1.1 400 Bad Request\r\n\r\n", ""]) {
			const { port, close } = await impostor((socket) => socket.end(answer));
			const url = changed((one) => {
				one.port = port;
			});
			expect(await sentence(url)).toContain("what answers there does not speak as Postgres does");
			close();
		}
	});

	test("no TLS, where DATABASE_URL asks for it", async () => {
		const url = changed((one) => {
			one.searchParams.set("sslmode", "require");
		});
		expect(await sentence(url)).toContain("it does not offer the TLS that DATABASE_URL asks for");
	});

	test("one that a newer version has migrated", async () => {
		await admin.query("INSERT INTO migrations (timestamp, name) VALUES (1999999999999, 'Later1999999999999')");
		expect(await sentence(database.url)).toBe(
			"The database was migrated by a newer DRAVEN (Later1999999999999): start that version, or restore a backup from before it.",
		);
		await admin.query("DELETE FROM migrations WHERE timestamp = 1999999999999");
	});
});

describe("migrations", () => {
	const names = MIGRATIONS.map((migration) => migration.name);

	test("from several processes at once are carried out once, and again they do nothing", async () => {
		const url = databaseUrl(database.url, EMPTY);
		const applied = await Promise.all([1, 2, 3].map(() => migrate(url)));
		expect(applied.map((one) => one.applied).filter((one) => one.length > 0)).toEqual([names]);
		expect(await migrate(url)).toEqual({ applied: [] });
		expect(await migrateStore({ databaseUrl: url, dataDir, secretKeys: null })).toEqual([]);
	});

	test("wait for whoever migrates already, and say so; nothing of them is timed", async () => {
		const url = databaseUrl(database.url, EMPTY);
		const other = new pg.Client({ connectionString: url });
		await other.connect();
		await other.query("SELECT pg_advisory_lock(4711330214)");
		let told: () => void = () => {};
		const waits = new Promise<void>((resolve) => {
			told = resolve;
		});
		const migrated = migrate(url, told);
		await waits;
		const rows = await other.query("SELECT query FROM pg_stat_activity WHERE wait_event = 'advisory'");
		expect(rows.rows).toHaveLength(1);
		await other.query("SELECT pg_advisory_unlock(4711330214)");
		await migrated;
		await other.end();
		const db = await openDataSource(url, { poolSize: 1, untimed: true });
		expect(await db.query("SHOW statement_timeout")).toEqual([{ statement_timeout: "0" }]);
		await db.destroy();
	});

	test("are whole or not at all", async () => {
		const name = `half_${process.pid}`;
		await admin.query(`CREATE DATABASE ${name}`);
		const url = databaseUrl(database.url, name);
		const other = new pg.Client({ connectionString: url });
		await other.connect();
		await other.query("CREATE TABLE idempotent_answer (id int)");
		await expect(migrate(url)).rejects.toThrow("idempotent_answer");
		const { rows } = await other.query("SELECT to_regclass('run') AS run, to_regclass('job') AS job");
		expect(rows).toEqual([{ run: null, job: null }]);
		await other.query("DROP TABLE idempotent_answer");
		expect(await migrate(url)).toEqual({ applied: names });
		await other.end();
		await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
	});
});

describe("the client that names statements", () => {
	test("prepares a text once, whatever its values, and leaves texts without values alone", async () => {
		const client = new NamedClient({ connectionString: database.url });
		await client.connect();
		for (const value of [1, 2, 3]) {
			const { rows } = await client.query("SELECT $1::int AS n", [value]);
			expect(rows).toEqual([{ n: value }]);
		}
		await client.query("SELECT 1");
		const prepared = await client.query("SELECT statement FROM pg_prepared_statements");
		expect(prepared.rows).toEqual([{ statement: "SELECT $1::int AS n" }]);
		await client.end();
	});

	test("is what the pool gives out, and a bug in a statement does not spoil its connection", async () => {
		const db = await openDataSource(database.url, { poolSize: 1 });
		await expect(db.query("SELECT 1 / $1::int AS n", [0])).rejects.toThrow("division by zero");
		expect(await db.query("SELECT 1 / $1::int AS n", [1])).toEqual([{ n: 1 }]);
		expect(await db.query("SELECT count(*)::int AS n FROM pg_prepared_statements WHERE $1", [true])).toEqual([
			{ n: 2 },
		]);
		await db.destroy();
	});
});
