import { readConfig, secretsOf } from "../config.ts";
import { makeLog } from "../log.ts";
import { type ServeOptions, serve } from "../serve.ts";
import type { Cli, ExitCode } from "./cli.ts";

/** `draven serve` and `draven worker`: until SIGTERM or Ctrl-C, then in order; a second one ends it at once. */
export async function serveCommand(cli: Cli, options: ServeOptions): Promise<ExitCode> {
	const config = readConfig(cli.env);
	const log = makeLog({ ...config, secrets: secretsOf(config) });
	let ending = false;
	const signal = new Promise<NodeJS.Signals>((resolve) => {
		const on = (name: NodeJS.Signals) => {
			if (ending) process.exit(1);
			ending = true;
			resolve(name);
		};
		process.on("SIGTERM", on).on("SIGINT", on);
	});
	const running = await serve(config, cli.env, log, options);
	log.info({ signal: await signal }, "stopping: nothing new is taken, what is under way ends");
	await running.stop();
	log.info("stopped");
	return 0;
}
