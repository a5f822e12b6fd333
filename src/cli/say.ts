import { setTimeout as sleep } from "node:timers/promises";
import { readConfig } from "../config.ts";
import { checkBaseUrl, isLoopbackHost } from "../core/base-url.ts";
import { forTerminal } from "../core/one-line.ts";
import { isEnd, type RunState } from "../core/run.ts";
import { readLocalFile } from "../local-file.ts";
import { CallIsOff, Sentence } from "../sentence.ts";
import { ApiClient, type Said, type Story } from "./api-client.ts";
import { type Cli, type ExitCode, printJson } from "./cli.ts";

export interface SayOptions {
	/** A sample person; in local mode alone. */
	readonly as?: string;
	readonly url?: string;
	/** Whether to follow the run to its end. */
	readonly follow: boolean;
	readonly json: boolean;
}

const LOOK_EVERY_MS = 300;

/** `draven say "<command>"`: what the chat would show, and the run's story to its end. */
export async function sayCommand(cli: Cli, text: string, options: SayOptions): Promise<ExitCode> {
	const client = new ApiClient(await serverOf(cli, options));
	const said = await client.say(text, options.as);
	if (!options.json) cli.print(`${forTerminal(said.text)}\n${suggestions(said)}`);
	if (said.outcome === "refused" || said.run === null || !options.follow) {
		if (options.json) printJson(cli, { ...said, story: [] });
		return said.outcome === "refused" ? 1 : 0;
	}
	const story = await follow(cli, client, said.run.id, options.json);
	if (options.json) printJson(cli, { ...said, run: story.run, story: story.items });
	return wentWrong(said.run.state, story.run.state) ? 1 : 0;
}

/** What stands on the buttons. */
function suggestions(said: Said): string {
	return said.card
		.flatMap((block) => (Array.isArray(block["actions"]) ? (block["actions"] as { command?: unknown }[]) : []))
		.flatMap(({ command }) => (typeof command === "string" ? [`  draven say ${JSON.stringify(command)}\n`] : []))
		.join("");
}

/** Prints the story as it goes on; returns at the run's end, or where it waits for a person. */
async function follow(cli: Cli, client: ApiClient, runId: string, quiet: boolean): Promise<Story> {
	const items: Story["items"] = [];
	for (;;) {
		const story = await client.story(runId, items.at(-1)?.seq ?? 0);
		items.push(...story.items);
		if (!quiet) for (const { at, text } of story.items) cli.print(`  ${at.slice(11, 19)}  ${forTerminal(text)}\n`);
		const waits = waitsForPerson(story);
		if (waits !== null && !quiet) cli.print(`${waits}\n`);
		if (waits !== null || isEnd(story.run.state)) return { ...story, items };
		await sleep(LOOK_EVERY_MS);
	}
}

function waitsForPerson({ run, lockedBy }: Story): string | null {
	if (run.state === "waiting_approval")
		return `It waits for approval. Somebody with the right says: draven say "approve #${run.number}"`;
	if (lockedBy !== null)
		return `It waits: the environment is locked by ${lockedBy}. draven say "show #${run.number}" tells how it goes on.`;
	return null;
}

/** A run that ended as its command meant it is no failure: who cancels wants it cancelled. */
function wentWrong(answered: RunState, ended: RunState): boolean {
	const meant = answered === "cancelling" || answered === "cancelled" || answered === "rejected";
	return isEnd(ended) && ended !== "succeeded" && !(meant && (ended === "cancelled" || ended === "rejected"));
}

interface Server {
	readonly url: string;
	readonly token: string;
}

/** The local server is spoken to with its own token; every other one with DRAVEN_TOKEN, which local sample people need not have. */
async function serverOf(cli: Cli, { url, as }: SayOptions): Promise<Server> {
	if (url !== undefined) {
		const checked = checkBaseUrl(url);
		if (!checked.ok) throw new CallIsOff(`--url ${checked.problem}.`);
	}
	const config = readConfig(cli.env);
	const local = await readLocalFile(config.dataDir);
	const given = cli.env["DRAVEN_TOKEN"]?.trim() || undefined;
	const isLocal =
		local !== null && (url === undefined ? given === undefined || as !== undefined : isSameServer(url, local.url));
	if (isLocal) return { url: url ?? local.url, token: as === undefined ? (given ?? local.token) : local.token };
	if (given !== undefined) return { url: url ?? config.publicUrl, token: given };
	throw new Sentence(noToken(url, as));
}

function isSameServer(one: string, other: string): boolean {
	const [a, b] = [new URL(one), new URL(other)];
	const sameHost = a.hostname === b.hostname || (isLoopbackHost(a.hostname) && isLoopbackHost(b.hostname));
	return sameHost && a.protocol === b.protocol && a.port === b.port;
}

function noToken(url: string | undefined, as: string | undefined): string {
	const which = url === undefined ? "no server of local mode runs" : `${url} is not the server of local mode that runs`;
	if (as !== undefined)
		return `--as is for local mode alone, and ${which} on this data folder: start one with \`npm start\`, or leave --as out and set DRAVEN_TOKEN.`;
	return url === undefined
		? "No server of local mode runs on this data folder: start one with `npm start`, or set DRAVEN_TOKEN (and --url) to speak to another."
		: `There is no token for ${url}: set DRAVEN_TOKEN; \`draven token create\` makes one on its machine.`;
}
