import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../src/postgres/embedded.ts";
import { migrate } from "../../src/store/migrate.ts";

export const TEMPLATE = "draven_template";

/** A Postgres for tests, with one migrated template. Given a server (`TEST_DATABASE_URL`), that one is used and left running. */
export async function startTestCluster(given: string | undefined): Promise<{ url: string; stop(): Promise<void> }> {
	if (given !== undefined) {
		await makeTemplate(given);
		return { url: given, stop: async () => {} };
	}
	const dataDir = await mkdtemp(join(tmpdir(), "draven-test-"));
	const postgres = await startEmbeddedPostgres({
		dataDir,
		settings: { fsync: "off", full_page_writes: "off", synchronous_commit: "off", max_connections: "200" },
	});
	const stop = async () => {
		await postgres.stop();
		await rm(dataDir, { recursive: true, force: true });
	};
	try {
		await makeTemplate(postgres.url);
	} catch (error) {
		await stop();
		throw error;
	}
	return { url: postgres.url, stop };
}

async function makeTemplate(url: string): Promise<void> {
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	try {
		await client.query(`DROP DATABASE IF EXISTS ${TEMPLATE}`);
		await client.query(`CREATE DATABASE ${TEMPLATE}`);
	} finally {
		await client.end();
	}
	await migrate(databaseUrl(url, TEMPLATE));
}

/** The same server, another database. */
export function databaseUrl(server: string, database: string): string {
	const url = new URL(server);
	url.pathname = `/${database}`;
	return url.href;
}
