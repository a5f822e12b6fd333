import { DataSource } from "typeorm";
import { MIGRATIONS } from "../../migrations/index.ts";
import { CONNECTION_OPTIONS } from "./connection-options.ts";
import { ENTITIES } from "./entities.ts";
import { NamedClient } from "./named-client.ts";

export interface DataSourceOptions {
	/** Connections; 8 is as fast as 32 on small machines. */
	readonly poolSize?: number;
	/** True: a statement may take as long as it takes. */
	readonly untimed?: boolean;
	/** How long an answer is waited for, ms. */
	readonly answerWithinMs?: number;
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
			...CONNECTION_OPTIONS,
			...(options.answerWithinMs === undefined ? {} : { query_timeout: options.answerWithinMs }),
			...(options.untimed ? { statement_timeout: 0, query_timeout: 0, lock_timeout: 0 } : {}),
			Client: NamedClient,
			max: options.poolSize ?? 8,
		},
	}).initialize();
}
