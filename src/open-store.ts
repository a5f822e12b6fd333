import type { DataSource } from "typeorm";
import { MIGRATIONS } from "../migrations/index.ts";
import type { Config } from "./config.ts";
import { resealSecrets } from "./configuration/integrations.ts";
import { makeDataFolder } from "./data-folder.ts";
import { joinEmbeddedPostgres, type ServerPostgres, startEmbeddedPostgres } from "./postgres/embedded.ts";
import { secretKeyIn } from "./secret-key.ts";
import { Sentence } from "./sentence.ts";
import { loadAuditKey } from "./store/audit-key.ts";
import { openDataSource } from "./store/data-source.ts";
import { migrate } from "./store/migrate.ts";
import { makeSecretBox, type SecretBox } from "./store/secret-box.ts";

/** The database, and what opens the secrets in it. */
export interface Store {
	readonly db: DataSource;
	readonly box: SecretBox;
	readonly auditKey: Buffer;
	/** Where the database is, with its password: for connections beside the pool, never for people. */
	readonly url: string;
	/** One sentence, once the database is not this server's any more and it has to end. Commands never hear of it. */
	readonly lost: Promise<string>;
	/** Closes the connections, and stops the embedded Postgres when nobody else works with it. */
	close(): Promise<void>;
}

/** One sentence: the database cannot be used, and what to do. */
export class StoreError extends Sentence {
	override readonly name = "StoreError";
}

/** What only the right secret key opens. Whatever was sealed with an older one is sealed anew. */
async function openSealed(db: DataSource, box: SecretBox): Promise<Buffer> {
	try {
		const auditKey = await loadAuditKey(db, box);
		await resealSecrets(db, box);
		return auditKey;
	} catch (error) {
		throw new StoreError((error as Error).message, { cause: error });
	}
}

type StoreConfig = Pick<Config, "databaseUrl" | "dataDir" | "secretKeys">;

/**
 * Opens the database, brought to this version's schema. `server`: the embedded Postgres belongs to this process for its life; a
 * command joins the one that runs, or starts it for as long as it needs it. Throws StoreError.
 */
export async function openStore(
	config: StoreConfig,
	use: "server" | "command",
	/** Called when another process migrates already, and takes long. */
	waits: () => void = () => {},
): Promise<Store> {
	const postgres = await openPostgres(config, use);
	let db: DataSource | null = null;
	try {
		await migrateFirst(postgres.url, waits);
		db = await openDataSource(postgres.url);
		const box = makeSecretBox(config.secretKeys ?? [await secretKeyIn(config.dataDir)]);
		const auditKey = await openSealed(db, box);
		const opened = db;
		return {
			db,
			box,
			auditKey,
			url: postgres.url,
			lost: postgres.lost,
			async close() {
				await opened.destroy();
				await postgres.stop();
			},
		};
	} catch (error) {
		await db?.destroy();
		await postgres.stop();
		throw error;
	}
}

/** `draven migrate`: the names of the migrations that were carried out. */
export async function migrateStore(config: StoreConfig, waits: () => void = () => {}): Promise<readonly string[]> {
	const postgres = await openPostgres(config, "command");
	try {
		return await migrateFirst(postgres.url, waits);
	} finally {
		await postgres.stop();
	}
}

const NEVER = new Promise<never>(() => {});

async function openPostgres(config: StoreConfig, use: "server" | "command"): Promise<ServerPostgres> {
	if (config.databaseUrl !== null) return { url: config.databaseUrl, lost: NEVER, stop: async () => {} };
	await makeDataFolder(config.dataDir);
	const { dataDir } = config;
	try {
		return use === "server"
			? await startEmbeddedPostgres({ dataDir })
			: { ...(await joinEmbeddedPostgres({ dataDir })), lost: NEVER };
	} catch (error) {
		throw new StoreError((error as Error).message, { cause: error });
	}
}

async function migrateFirst(url: string, waits: () => void): Promise<readonly string[]> {
	const { applied } = await migrate(url, waits).catch((error: unknown) => {
		throw unreachable(error) ?? error;
	});
	const db = await openDataSource(url, { poolSize: 1 });
	try {
		const rows: { name: string }[] = await db.query("SELECT name FROM migrations");
		const own = new Set(MIGRATIONS.map((migration) => migration.name));
		const foreign = rows.find((row) => !own.has(row.name));
		if (foreign !== undefined)
			throw new StoreError(
				`The database was migrated by a newer DRAVEN (${foreign.name}): start that version, or restore a backup from before it.`,
			);
		return applied;
	} finally {
		await db.destroy();
	}
}

/** Failures of the connection itself; null: something else went wrong. Never the URL, which holds a password. */
function unreachable(error: unknown): StoreError | null {
	const { code = "", address, port } = error as { code?: string; address?: string; port?: number };
	const at = address === undefined ? "" : ` at ${address}:${port}`;
	const say = (why: string) => new StoreError(`The database${at} cannot be used: ${why}`, { cause: error });
	switch (code) {
		case "ECONNREFUSED":
		case "ENOTFOUND":
		case "EAI_AGAIN":
		case "ETIMEDOUT":
		case "EHOSTUNREACH":
		case "ECONNRESET":
			return say(
				`it does not answer (${code}). Check the host and port in DATABASE_URL, and that Postgres is running.`,
			);
		case "28P01":
		case "28000":
			return say("it refuses the user or password. Correct them in DATABASE_URL.");
		case "3D000":
			return say("it does not exist. Create it, or correct its name in DATABASE_URL.");
		case "42501":
			return say("its user may not create tables. Make the user of DATABASE_URL the owner of the database.");
		case "57P03":
			return say("it is still starting. Try again in a moment.");
		case "53300":
			return say("all its connections are taken. Raise max_connections there, or end what holds them.");
		default:
			return code.includes("CERT") || code === "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
				? say(`its certificate is not trusted (${code}). Name its authority with sslrootcert in DATABASE_URL.`)
				: unspoken(error, say);
	}
}

/** What pg finds out by itself has no code, only a text. */
function unspoken(error: unknown, say: (why: string) => StoreError): StoreError | null {
	const text = error instanceof Error ? error.message : "";
	if (/password must be a string/i.test(text)) return say("it asks for a password. Add it to DATABASE_URL.");
	if (/does not support SSL/i.test(text))
		return say("it does not offer the TLS that DATABASE_URL asks for. Set it up there, or take sslmode out.");
	if (/timeout/i.test(text))
		return say("it does not answer in time. Check the host and port in DATABASE_URL, and firewalls between.");
	if (/terminated|invalid response/i.test(text))
		return say("what answers there does not speak as Postgres does. Check the host and port in DATABASE_URL.");
	return null;
}
