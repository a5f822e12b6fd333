import { readConfig } from "../config.ts";
import { migrateStore } from "../open-store.ts";
import { type Cli, type ExitCode, printJson } from "./cli.ts";

/** `draven migrate` */
export async function migrateCommand(cli: Cli, options: { readonly json?: boolean }): Promise<ExitCode> {
	const applied = await migrateStore(readConfig(cli.env));
	if (options.json) printJson(cli, { applied });
	else if (applied.length === 0) cli.print("The database is up to date.\n");
	else cli.print(applied.map((name) => `Applied ${name}.\n`).join(""));
	return 0;
}
