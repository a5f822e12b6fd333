import { type Config, readConfig } from "../config.ts";
import { openStore, type Store } from "../open-store.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** `0` it did what was asked; `1` it was refused, or something was found wrong (SPEC section 7). A call that is off ends with 2. */
export type ExitCode = 0 | 1;

/** What a command is given of its process. */
export interface Cli {
	readonly env: Environment;
	/** For what was asked for. */
	readonly print: (text: string) => void;
	/** For everything else that a person should read. */
	readonly tell: (text: string) => void;
	readonly now: () => Date;
}

export function printJson(cli: Cli, value: unknown): void {
	cli.print(`${JSON.stringify(value, null, 2)}\n`);
}

export const MIGRATED_ALREADY = "Another process migrates this database: waiting until it is done.\n";

/** Opens the database for as long as a command works. */
export async function withStore<T>(cli: Cli, work: (store: Store, config: Config) => Promise<T>): Promise<T> {
	const config = readConfig(cli.env);
	const store = await openStore(config, "command", () => cli.tell(MIGRATED_ALREADY));
	try {
		return await work(store, config);
	} finally {
		await store.close();
	}
}
