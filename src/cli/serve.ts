import { readConfig, secretsOf } from "../config.ts";
import { makeLog } from "../log.ts";
import { Sentence } from "../sentence.ts";
import { type ServeOptions, serve } from "../serve.ts";
import type { Cli, ExitCode } from "./cli.ts";

const PARENT_EVERY_MS = 500;

/**
 * `draven serve` and `draven worker`: until SIGTERM or Ctrl-C, then in order; a second one ends it at once. `exitWithParent`: also
 * when whoever started it is gone. A signal to npm ends npm alone, and would leave the server of `npm start` behind.
 */
export async function serveCommand(cli: Cli, options: ServeOptions, exitWithParent: boolean): Promise<ExitCode> {
	const config = readConfig(cli.env);
	const log = makeLog({ ...config, secrets: secretsOf(config) });
	let ending = false;
	const parent = process.ppid;
	const asked = new Promise<string>((resolve) => {
		const on = (name: NodeJS.Signals) => {
			if (ending) process.exit(1);
			ending = true;
			resolve(name);
		};
		process.on("SIGTERM", on).on("SIGINT", on);
		if (!exitWithParent) return;
		const watch = setInterval(() => {
			if (process.ppid === parent) return;
			clearInterval(watch);
			ending = true;
			resolve("the process that started it is gone");
		}, PARENT_EVERY_MS).unref();
	});
	const running = await serve(config, cli.env, log, options);
	const lost = running.lost.then((why) => new Sentence(why));
	const because = await Promise.race([asked, lost]);
	const said = typeof because === "string" ? because : because.message;
	log.info({ because: said }, "stopping: nothing new is taken, what is under way ends");
	await running.stop();
	log.info("stopped");
	if (typeof because !== "string") throw because;
	return 0;
}
