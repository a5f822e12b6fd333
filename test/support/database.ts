import { randomBytes } from "node:crypto";
import pg from "pg";
import { databaseUrl, TEMPLATE } from "./cluster.ts";

/** A database of one's own, migrated, on the run's cluster; a test file takes one. */
export async function createTestDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
	const server = process.env["DRAVEN_TEST_CLUSTER"];
	if (server === undefined) throw new Error("there is no test cluster: jest's global set-up starts it");
	const name = `test_${randomBytes(6).toString("hex")}`;
	// Copying needs the template to itself for a moment: files that start together go one after the other.
	await asMaintainer(server, async (client) => {
		await client.query("SELECT pg_advisory_lock(1)");
		await client.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
	});
	return {
		url: databaseUrl(server, name),
		drop: () => asMaintainer(server, async (client) => void (await client.query(`DROP DATABASE ${name} WITH (FORCE)`))),
	};
}

async function asMaintainer(server: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
	const client = new pg.Client({ connectionString: server });
	await client.connect();
	try {
		await work(client);
	} finally {
		await client.end();
	}
}
