import { DataSource } from "typeorm";
import { MIGRATIONS } from "../../migrations/index.ts";
import { ENTITIES } from "./entities.ts";
import { NamedClient } from "./named-client.ts";

export interface DataSourceOptions {
	/** Connections; 8 is as fast as 32 on small machines. */
	readonly poolSize?: number;
}

/** Opens a pool. Throws when the database cannot be reached within 10 s. */
export async function openDataSource(url: string, options: DataSourceOptions = {}): Promise<DataSource> {
	return new DataSource({
		type: "postgres",
		url,
		entities: ENTITIES,
		migrations: MIGRATIONS,
		migrationsTransactionMode: "all",
		applicationName: "draven",
		extra: {
			Client: NamedClient,
			max: options.poolSize ?? 8,
			connectionTimeoutMillis: 10_000,
			// A statement that hangs must not hold an environment's mutex for ever.
			statement_timeout: 30_000,
			idle_in_transaction_session_timeout: 60_000,
		},
	}).initialize();
}
