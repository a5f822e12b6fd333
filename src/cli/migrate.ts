import { readConfig } from "../config.ts";
import { migrateStore } from "../open-store.ts";
import { type Cli, type ExitCode, MIGRATED_ALREADY, printJson } from "./cli.ts";

/** `draven migrate` */
export async function migrateCommand(cli: Cli, options: { readonly json?: boolean }): Promise<ExitCode> {
	const applied = await migrateStore(readConfig(cli.env), () => cli.tell(MIGRATED_ALREADY));
	if (options.json) printJson(cli, { applied });
	else if (applied.length === 0) cli.print("The database is up to date.\n");
	else cli.print(applied.map((name) => `Applied ${name}.\n`).join(""));
	return 0;
}
