import { readFile } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { Command, InvalidArgumentError } from "commander";
import type { Logger } from "pino";
import { RunnerClient, TokenRefused } from "./client.ts";
import type { Environment } from "./git.ts";
import { isLoopback } from "./repository.ts";
import { runRunner } from "./runner.ts";
import { WorkFolderUnusable } from "./work-folder.ts";

interface Options {
	readonly url: string;
	readonly token?: string;
	readonly tokenFile?: string;
	readonly name: string;
	readonly labels: readonly string[];
	readonly work: string;
	readonly home: string;
	readonly grace: number;
	readonly drain: number;
	readonly once: boolean;
	readonly exitWithParent: boolean;
}

const HELP = `
Works on Linux and macOS, needs git, runs one thing at a time. The work sees PATH, HOME, LANG, TMPDIR and its own
variables, and nothing else of this environment. It runs as this user, though, and can read what this user can, the
runner's token included. So labels are no boundary: stage and production need an integration each, and for each a
token of its own (draven token create --runner --integration <slug>) and runners under a Unix user of their own.

What the entrypoint leaves running in the background is ended with it, and what left its process group (setsid) when it
is stopped early; start services by their supervisor.

SIGTERM and Ctrl-C let the current work end within --drain seconds; a second one ends it at once.
Exit code: 0 when stopped, 1 when the token was refused or (with --once) the work did not succeed, 2 for a wrong call.

Example:
  draven runner --url https://draven.example.com --labels linux,eu --token-file - < /etc/draven/runner-token`;

/** As the server itself reads them. */
function serverUrl(env: Environment): string {
	return env["PUBLIC_URL"]?.trim() || `http://127.0.0.1:${env["PORT"]?.trim() || 3_000}`;
}

const PARENT_EVERY_MS = 1_000;
const CLAIM_SECONDS = 25;

/** `draven runner`. `env` is the process's environment, `log` makes its logger when it is needed. */
export function runnerCommand(context: { readonly env: Environment; readonly log: () => Logger }): Command {
	const command = new Command("runner")
		.description("carry out the runs of projects whose integration is `provider: runner`")
		.option("--url <url>", "the DRAVEN server: https, or http on this machine", readUrl, serverUrl(context.env))
		.option("--token-file <file>", "where the runner's API token stands, alone; - for standard input")
		.option("--token <token>", "the token itself: `ps` shows it; DRAVEN_TOKEN takes it too, and the work can read that")
		.option("--name <name>", "what people call this runner", readName, hostname().slice(0, 100))
		.option("--labels <a,b>", "take work that asks for no other labels than these", readLabels, [])
		.option("--work <dir>", "folder for checkouts", ".draven/runner")
		.option("--home <dir>", "HOME of the work", context.env["HOME"] ?? homedir())
		.option("--grace <seconds>", "what stopped work may take to end before it is killed", readSeconds, 10)
		.option("--drain <seconds>", "what current work may still take when the runner is stopped", readSeconds, 600)
		.option("--once", "stop after one piece of work", false)
		.option("--exit-with-parent", "stop when the process that started this one is gone", false)
		.addHelpText("after", HELP)
		.allowExcessArguments(false)
		.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
	return command.action(async (options: Options) => {
		const token = await readToken(options, context.env).catch((error: NodeJS.ErrnoException) =>
			command.error(
				`error: the token file ${options.tokenFile} cannot be read (${error.code}): check its path and rights`,
			),
		);
		if (!/^[\x21-\x7e]+$/.test(token))
			command.error("error: no token: give the runner's API token by --token-file, or set DRAVEN_TOKEN");
		if (process.platform === "win32") command.error("error: the runner works on Linux and macOS (also in WSL)");
		process.exitCode = await run(options, token, context.env, context.log());
	});
}

async function readToken({ token, tokenFile }: Options, env: Environment): Promise<string> {
	if (token !== undefined) return token;
	if (tokenFile === undefined) return env["DRAVEN_TOKEN"] ?? "";
	return (await (tokenFile === "-" ? text(process.stdin) : readFile(tokenFile, "utf8"))).trim();
}

async function run(options: Options, token: string, env: Environment, log: Logger): Promise<0 | 1> {
	const stop = new AbortController();
	const hurry = new AbortController();
	const forget = listen(options, stop, hurry);
	try {
		const last = await runRunner({
			client: new RunnerClient({ url: options.url, token }),
			name: options.name,
			labels: options.labels,
			workFolder: resolve(options.work),
			home: resolve(options.home),
			env,
			graceMs: options.grace * 1_000,
			drainMs: options.drain * 1_000,
			waitSeconds: CLAIM_SECONDS,
			once: options.once,
			stop: stop.signal,
			hurry: hurry.signal,
			log,
		});
		return options.once && last !== null && last.outcome !== "succeeded" ? 1 : 0;
	} catch (error) {
		if (!(error instanceof TokenRefused || error instanceof WorkFolderUnusable)) throw error;
		process.stderr.write(`${error.message}\n`);
		return 1;
	} finally {
		forget();
	}
}

function listen(options: Options, stop: AbortController, hurry: AbortController): () => void {
	const onSignal = () => {
		if (stop.signal.aborted) hurry.abort();
		stop.abort();
	};
	process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
	const parent = process.ppid;
	const watch = setInterval(() => {
		if (!options.exitWithParent || process.ppid === parent) return;
		stop.abort();
		hurry.abort();
	}, PARENT_EVERY_MS).unref();
	return () => {
		clearInterval(watch);
		process.off("SIGTERM", onSignal).off("SIGINT", onSignal);
	};
}

function readUrl(text: string): string {
	const url = URL.canParse(text) ? new URL(text) : null;
	const fits = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
	if (!url || !fits || url.username !== "" || url.search !== "" || url.hash !== "")
		throw new InvalidArgumentError("It has to be an https URL, or http on this machine, without user and query.");
	return url.href;
}

function readName(text: string): string {
	if (text.trim() === "" || text.length > 100) throw new InvalidArgumentError("A name has 1 to 100 characters.");
	return text;
}

function readLabels(text: string): readonly string[] {
	const labels = [...new Set(text.split(",").map((label) => label.trim()))];
	if (labels.length > 20 || labels.some((label) => label === "" || label.length > 50))
		throw new InvalidArgumentError("Up to 20 labels of 1 to 50 characters, separated by commas.");
	return labels;
}

function readSeconds(text: string): number {
	if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError("It has to be a number of seconds.");
	return Number(text);
}
