#!/usr/bin/env node
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { runnerCommand } from "../adapters/runner/command.ts";
import type { ApplyOptions } from "./cli/apply.ts";
import type { ExportAuditOptions } from "./cli/audit.ts";
import type { Cli, ExitCode } from "./cli/cli.ts";
import type { InitOptions } from "./cli/init-integration.ts";
import type { CheckOptions } from "./cli/integration.ts";
import type { LinkOptions } from "./cli/person.ts";
import type { SayOptions } from "./cli/say.ts";
import type { CreateOptions } from "./cli/token.ts";
import { readLogConfig } from "./config.ts";
import { parseDuration } from "./core/duration.ts";
import { isGlob } from "./core/glob.ts";
import { makeLog } from "./log.ts";
import { Sentence } from "./sentence.ts";
import type { Provider } from "./store/entities.ts";
import { version } from "./version.ts";

const cli: Cli = {
	env: process.env,
	print: (text) => process.stdout.write(text),
	tell: (text) => process.stderr.write(text),
	now: () => new Date(),
};

/** Sets the exit code by what a command gives. Each command is loaded when it is called: `say` needs no database. */
function run<Args extends unknown[]>(command: Command, work: (...args: Args) => Promise<ExitCode>): void {
	command.action(async (...args) => {
		process.exitCode = await work(...(args as Args));
	});
}

const asJson = () => new Option("--json", "print JSON").default(false);

function program(): Command {
	const draven = new Command("draven")
		.description("A deploy control plane that lives in chat.")
		.version(version(), "--version", "print the version")
		.showHelpAfterError("(add --help to see how it is called)")
		.configureHelp({ sortSubcommands: false })
		.exitOverride();
	const sub = (name: string, description: string, parent = draven) =>
		parent.command(name).description(description).allowExcessArguments(false);

	run(
		sub("serve", "the server, with the background work; migrates first")
			.option("--no-worker", "without the background work: `draven worker` does it")
			.option("--exit-with-parent", "stop in order when the process that started this one is gone", false),
		async ({ worker, exitWithParent }: { worker: boolean; exitWithParent: boolean }) =>
			(await import("./cli/serve.ts")).serveCommand(cli, { web: true, worker }, exitWithParent),
	);
	run(sub("worker", "the background work alone"), async () =>
		(await import("./cli/serve.ts")).serveCommand(cli, { web: false, worker: true }, false),
	);
	run(
		sub("migrate", "bring the database to this version's schema").addOption(asJson()),
		async (options: { json: boolean }) => (await import("./cli/migrate.ts")).migrateCommand(cli, options),
	);
	run(
		sub("apply", "make the configuration what a draven.yaml says: prints the plan, then applies it whole or not at all")
			.requiredOption("-f, --file <file>", "the draven.yaml; - for standard input")
			.option("--dry-run", "stop after the plan", false)
			.option("--prune", "remove what a file made and this one does not name", false)
			.addOption(asJson()),
		async (options: ApplyOptions) => (await import("./cli/apply.ts")).applyCommand(cli, options),
	);
	run(
		sub("export", "print the whole configuration as a draven.yaml, secrets as references").addOption(asJson()),
		async (options: { json: boolean }) => (await import("./cli/apply.ts")).exportCommand(cli, options),
	);
	run(
		sub("doctor", "check database, tokens, scopes, webhooks and clock, and say how to mend each").addOption(asJson()),
		async (options: { json: boolean }) => (await import("./cli/doctor.ts")).doctorCommand(cli, options),
	);
	addIntegration(sub("integration", "connections to pipeline providers"), sub);
	addAudit(sub("audit", "the audit trail"), sub);
	addToken(sub("token", "tokens of the API and of runners"), sub);
	addPerson(sub("person", "people, and what they are known by"), sub);
	draven.addCommand(runnerCommand({ env: cli.env, log: () => makeLog(readLogConfig(cli.env), process.stderr) }));
	run(
		sub("say", 'say a command as in chat, such as draven say "deploy shop@v1.1.0 to stage", and follow its run')
			.argument("<command...>", "the words; quotes around them keep the shell out")
			.option("--as <person>", "speak as this sample person (local mode alone)")
			.option("--url <url>", "the server; default: the one of local mode, else PUBLIC_URL")
			.option("--no-follow", "do not follow the run")
			.addOption(asJson())
			.addHelpText("after", "\nThe token is taken from DRAVEN_TOKEN; in local mode there is no need for one."),
		async (words: string[], options: SayOptions) =>
			(await import("./cli/say.ts")).sayCommand(cli, words.join(" "), options),
	);
	return draven;
}

type Sub = (name: string, description: string, parent?: Command) => Command;

function addIntegration(integration: Command, sub: Sub): void {
	run(
		sub("check", "look at its token, scopes, repositories, pipeline files and webhooks", integration)
			.argument("<slug>", "as draven.yaml calls it")
			.option("--fix", "create or mend the webhooks of its projects", false)
			.addOption(asJson()),
		async (slug: string, options: CheckOptions) =>
			(await import("./cli/integration.ts")).checkIntegrationCommand(cli, slug, options),
	);
	run(
		sub("init", "print the ready pipeline file for a repository", integration)
			.addArgument(new Argument("<provider>", "whose").choices(["github", "gitlab", "bitbucket", "runner"]))
			.option("--project <slug>", "filled in for this project and its parameters")
			.addOption(asJson()),
		async (provider: Provider, options: InitOptions) =>
			(await import("./cli/init-integration.ts")).initIntegrationCommand(cli, provider, options),
	);
}

function addAudit(audit: Command, sub: Sub): void {
	run(
		sub("verify", "find every row that was changed, removed or added behind its back", audit).addOption(asJson()),
		async (options: { json: boolean }) => (await import("./cli/audit.ts")).verifyCommand(cli, options),
	);
	run(
		sub("export", "print the trail, one JSON object a line, oldest first", audit)
			.option("--project <slug>", "of one project")
			.option("--environment <slug>", "of environments of this name")
			.option("--since <time>", "from then on, such as 2026-11-01", readTime)
			.addOption(asJson()),
		async (options: ExportAuditOptions) => (await import("./cli/audit.ts")).exportAuditCommand(cli, options),
	);
}

function addToken(token: Command, sub: Sub): void {
	run(
		sub("create", "make a token; it is shown once", token)
			.requiredOption("--name <name>", "what it is for", readName)
			.addOption(
				new Option("--role <role>", "what it may at the API").choices(["viewer", "operator", "approver", "admin"]),
			)
			.option("--runner", "it runs work and does nothing else", false)
			.option(
				"--integration <slug>",
				"with --runner: only work of this integration, and pipelines add lines to its runs' logs by it",
			)
			.option("--projects <globs>", "with --role: where it holds, such as web,shop-*; default: everywhere", readGlobs)
			.option(
				"--environments <globs>",
				"with --role: where it holds, such as stage,demo; default: everywhere",
				readGlobs,
			)
			.option("--email <address>", "whose it is: nobody approves by a token what they asked for in chat", readEmail)
			.option("--expires <duration>", "after 90s, 15m, 4h, 30d …; default: never", readDuration)
			.addOption(asJson()),
		async (options: CreateOptions) => (await import("./cli/token.ts")).createTokenCommand(cli, options),
	);
	run(sub("list", "all tokens, newest first", token).addOption(asJson()), async (options: { json: boolean }) =>
		(await import("./cli/token.ts")).listTokensCommand(cli, options),
	);
	run(
		sub("revoke", "end a token", token).argument("<id>", "as `draven token list` shows it").addOption(asJson()),
		async (id: string, options: { json: boolean }) =>
			(await import("./cli/token.ts")).revokeTokenCommand(cli, id, options),
	);
}

function addPerson(person: Command, sub: Sub): void {
	run(sub("list", "who has spoken here, by name", person).addOption(asJson()), async (options: { json: boolean }) =>
		(await import("./cli/person.ts")).listPeopleCommand(cli, options),
	);
	const account = (command: Command) =>
		command
			.argument("<person>", "name, address or id, as `draven person list` shows them")
			.option("--email <address>", "an address, such as the one in their commits", readEmail)
			.option("--login <integration:account>", "an account at the provider, such as acme-github:ada")
			.option("--slack <member>", "a member id in Slack, such as U0ADA")
			.option("--teams <object id>", "an object id in Entra, which Teams knows them by")
			.addOption(asJson());
	run(
		account(sub("link", "an address or an account is theirs: who wrote a commit is known by it", person)),
		async (called: string, options: LinkOptions) =>
			(await import("./cli/person.ts")).linkPersonCommand(cli, called, options),
	);
	run(
		account(sub("unlink", "an address or an account is not theirs: it is a person of its own then", person)),
		async (called: string, options: LinkOptions) =>
			(await import("./cli/person.ts")).unlinkPersonCommand(cli, called, options),
	);
}

function readTime(text: string): Date {
	const time = new Date(text);
	if (Number.isNaN(time.getTime()))
		throw new InvalidArgumentError("Write a time like 2026-11-01 or 2026-11-01T09:00Z.");
	return time;
}

function readName(text: string): string {
	if (text.trim() === "" || text.length > 100) throw new InvalidArgumentError("A name has 1 to 100 characters.");
	return text.trim();
}

function readEmail(text: string): string {
	if (!/^[^\s@]+@[^\s@]+$/.test(text)) throw new InvalidArgumentError("It has to be an e-mail address.");
	return text;
}

function readGlobs(text: string): string[] {
	const globs = text.split(",").map((one) => one.trim());
	if (!globs.every(isGlob))
		throw new InvalidArgumentError("Write names or globs with commas between, like web,shop-*.");
	return globs;
}

function readDuration(text: string): number {
	const ms = parseDuration(text);
	if (ms === null) throw new InvalidArgumentError("Write a duration like 90s, 15m, 4h or 30d.");
	return ms;
}

/** What a person reads when a command did not do what was asked. */
function report(error: unknown): number {
	if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
	if (error instanceof Sentence) {
		cli.tell(`${error.message}
`);
		return error.exitCode;
	}
	cli.tell(`Something went wrong in DRAVEN itself: ${error instanceof Error ? error.message : String(error)}\n`);
	if (process.env["LOG_LEVEL"] === "debug" && error instanceof Error) cli.tell(`${error.stack}\n`);
	else cli.tell("LOG_LEVEL=debug shows where.\n");
	return 1;
}

// `draven audit export | head` ends the pipe early. A server whose reader is gone ends in order, its Postgres with it.
let leaving = false;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
	if (error.code !== "EPIPE") throw error;
	if (process.listenerCount("SIGTERM") === 0) process.exit(0);
	if (!leaving) process.emit("SIGTERM");
	leaving = true;
});

try {
	await program().parseAsync();
} catch (error) {
	process.exitCode = report(error);
}
