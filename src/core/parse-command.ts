import type { Command, Known, Parsed } from "./command.ts";
import { CommandReader, type Hint, type No, short } from "./command-reader.ts";
import { readFreeze, readUnfreeze } from "./read-freeze.ts";
import { environmentAnywhere, readPlace, readPlaceTurned, unknownProject } from "./read-place.ts";
import { readPromotion } from "./read-promotion.ts";
import { nearest } from "./suggest.ts";
import { tokenize } from "./tokenize.ts";
import { VERB_ALIASES, VERB_NAMES, type VerbName } from "./verbs.ts";

/** Letters; a command of a person is a line, not a document. */
const MAX_LENGTH = 4_000;
/** A button of a platform carries no longer command. */
const MAX_SUGGESTION = 1_900;

/** Reads what a person said. Never throws; every refusal is a sentence with the form that fits. */
export function parseCommand(text: string, known: Known): Parsed {
	const result = parseOnce(text, known);
	if (!("ok" in result)) return { ok: true, command: result };
	const commands = new Map(inTurn(result.suggestions.slice(0, 8).map((hint) => improve(hint, known))));
	const suggestions = [...commands].map(([command, label]) => ({ label, command }));
	return {
		...result,
		suggestions: suggestions.filter(({ command }) => command.length <= MAX_SUGGESTION).slice(0, 5),
	};
}

/** What a button says is understood: further slips in the same line are mended too, and what would be refused all the same is dropped. */
function improve({ label, command, otherwise }: Hint, known: Known, slips = 3): [command: string, label: string][] {
	const again = parseOnce(command, known);
	if (!("ok" in again)) return [[command, label]];
	if (otherwise !== undefined) return [[otherwise, label]];
	if (slips === 0) return [];
	const next = again.code === "missing_environment" ? again.suggestions : again.suggestions.slice(0, 1);
	return next.flatMap((hint) => improve({ ...hint, label: `${label} ${hint.label}` }, known, slips - 1));
}

/** The first of each, then the second of each: nothing that there is to choose from hides the rest. */
function inTurn<T>(lists: readonly (readonly T[])[]): T[] {
	const longest = Math.max(0, ...lists.map((list) => list.length));
	return Array.from({ length: longest }, (_, n) => lists.flatMap((list) => list.slice(n, n + 1))).flat();
}

function parseOnce(text: string, known: Known): Command | No {
	if (text.length > MAX_LENGTH)
		return no("too_long", `That is ${text.length} characters; a command has at most ${MAX_LENGTH}. Nothing was done.`);
	// Invisible characters come along when people paste; what they cannot see must not decide. Half a letter is none.
	const visible = text
		.normalize("NFC")
		.replace(/[\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu, "")
		.replace(/[\p{Cc}\p{Z}]+/gu, " ");
	const tokens = tokenize(visible);
	if (tokens === null) return no("unclosed_quote", "A quote is not closed: end the text with the same kind of quote.");
	return read(new CommandReader(tokens, known));
}

function no(code: string, message: string): No {
	return { ok: false, code, message, usage: null, suggestions: [] };
}

function read(reader: CommandReader): Command | No {
	let forced = false;
	// `/deploy deploy web to stage` is what people type who think of the slash as punctuation.
	if (reader.word() === "deploy") reader.unsay();
	else if (reader.word() === "deploy!") {
		forced = true;
		reader.take();
	}
	const first = reader.word();
	if (first === null) return forced ? readDeploy(reader, true) : { verb: "form" };
	const shout = first.endsWith("!") ? verbOf(first.slice(0, -1)) : null;
	const verb = shout ?? verbOf(first);
	if (verb === null) return readDeploy(reader, forced);
	if ((shout !== null || forced) && !FORCED.has(verb))
		return reader.no("no_force_here", `The ! asks for force, and "${verb}" knows none: leave it out.`, verb);
	reader.take();
	if (reader.word() === "--help" || reader.word() === "-h") return { verb: "help", topic: verb };
	return READERS[verb](reader, forced || shout !== null);
}

/** What `!` may be attached to. */
const FORCED: ReadonlySet<VerbName> = new Set(["deploy", "rollback", "promote"]);

function verbOf(word: string): VerbName | null {
	if (word === "--help" || word === "-h" || word === "?") return "help";
	if (Object.hasOwn(VERB_ALIASES, word)) return VERB_ALIASES[word] ?? null;
	return VERB_NAMES.find((name) => name === word) ?? null;
}

function readDeploy(reader: CommandReader, forced: boolean): Command | No {
	// A verb with a slip in it has flags of its own: first what it begins with, then the rest.
	const first = reader.peek();
	const plain = first !== null && !first.text.startsWith("-") && !first.text.includes("=") && !reader.isPreposition();
	const unknown = plain ? unknownProject(reader, "deploy", first) : null;
	if (unknown !== null) return unknown;
	const flags = reader.flags("deploy", { "--dry-run": "alone", "--force": "text", "--reason": "text" });
	if ("ok" in flags) return flags;
	const parameters = reader.parameters("deploy");
	if ("ok" in parameters) return parameters;
	const place = readPlace(reader, "deploy", { ref: true, environment: "needed" });
	if ("ok" in place) return place;
	return (
		reader.end("deploy") ?? {
			verb: "deploy",
			...place,
			parameters: parameters.values,
			dryRun: flags.alone.has("--dry-run"),
			force: flags.texts.get("--force") ?? (forced ? (flags.texts.get("--reason") ?? "") : null),
			reason: flags.texts.get("--reason") ?? null,
		}
	);
}

function readPlan(reader: CommandReader): Command | No {
	const flags = reader.flags("plan", { "--dry-run": "alone", "--reason": "text" });
	if ("ok" in flags) return flags;
	const parameters = reader.parameters("plan");
	if ("ok" in parameters) return parameters;
	const place = readPlace(reader, "plan", { ref: true, environment: "needed" });
	if ("ok" in place) return place;
	const reason = flags.texts.get("--reason") ?? null;
	return (
		reader.end("plan") ?? {
			verb: "deploy",
			...place,
			parameters: parameters.values,
			dryRun: true,
			force: null,
			reason,
		}
	);
}

function readExplain(reader: CommandReader): Command | No {
	const flags = reader.flags("explain");
	if ("ok" in flags) return flags;
	const parameters = reader.parameters("explain");
	if ("ok" in parameters) return parameters;
	const place = readPlace(reader, "explain", { ref: true, environment: "needed" });
	if ("ok" in place) return place;
	return reader.end("explain") ?? { verb: "explain", ...place, parameters: parameters.values };
}

function readRollback(reader: CommandReader, forced: boolean): Command | No {
	const flags = reader.flags("rollback", { "--dry-run": "alone", "--force": "text", "--reason": "text" });
	if ("ok" in flags) return flags;
	const parameters = reader.parameters("rollback");
	if ("ok" in parameters) return parameters;
	const place = readPlace(reader, "rollback", { ref: false, environment: "needed" });
	if ("ok" in place) return place;
	const to = readRollbackTarget(reader);
	if (to !== null && "ok" in to) return to;
	return (
		reader.end("rollback") ?? {
			verb: "rollback",
			project: place.project,
			environment: place.environment,
			to,
			parameters: parameters.values,
			dryRun: flags.alone.has("--dry-run"),
			force: flags.texts.get("--force") ?? (forced ? (flags.texts.get("--reason") ?? "") : null),
			reason: flags.texts.get("--reason") ?? null,
		}
	);
}

/** `to #12`, `to v1.2.0`, or either alone; null: the last good one. */
function readRollbackTarget(reader: CommandReader): Extract<Command, { verb: "rollback" }>["to"] | No {
	if (reader.word() === "to") reader.take();
	else if (reader.peek() === null) return null;
	const said = reader.run("rollback");
	if ("ok" in said) return said;
	if (said.run !== null) return { run: said.run };
	const ref = reader.ref("rollback");
	return typeof ref === "string" ? { ref } : ref;
}

function readPromote(reader: CommandReader, forced: boolean): Command | No {
	const flags = reader.flags("promote", { "--dry-run": "alone", "--force": "text", "--reason": "text" });
	if ("ok" in flags) return flags;
	const parameters = reader.parameters("promote");
	if ("ok" in parameters) return parameters;
	const way = readPromotion(reader);
	if ("ok" in way) return way;
	return (
		reader.end("promote") ?? {
			verb: "promote",
			...way,
			parameters: parameters.values,
			dryRun: flags.alone.has("--dry-run"),
			force: flags.texts.get("--force") ?? (forced ? (flags.texts.get("--reason") ?? "") : null),
			reason: flags.texts.get("--reason") ?? null,
		}
	);
}

function readLock(reader: CommandReader): Command | No {
	const flags = reader.flags("lock", { "--steal": "text", "--reason": "text" });
	if ("ok" in flags) return flags;
	const place = readPlaceTurned(reader, "lock") ?? readPlace(reader, "lock", { ref: false, environment: "needed" });
	if ("ok" in place) return place;
	let forMs: number | null = null;
	if (reader.word() === "for") {
		reader.take();
		const duration = reader.duration("lock");
		if (typeof duration !== "number") return duration;
		forMs = duration;
	} else forMs = reader.durationAtEnd();
	const why = reader.reason("lock", flags.texts.get("--reason"));
	if ("ok" in why) return why;
	return {
		verb: "lock",
		project: place.project,
		environment: place.environment,
		forMs,
		reason: why.reason,
		steal: flags.texts.get("--steal") ?? null,
	};
}

function readUnlock(reader: CommandReader): Command | No {
	const flags = reader.flags("unlock", { "--reason": "text" });
	if ("ok" in flags) return flags;
	const place = readPlaceTurned(reader, "unlock") ?? readPlace(reader, "unlock", { ref: false, environment: "needed" });
	if ("ok" in place) return place;
	const why = reader.reason("unlock", flags.texts.get("--reason"));
	if ("ok" in why) return why;
	return { verb: "unlock", project: place.project, environment: place.environment, reason: why.reason };
}

const readOnRun =
	(verb: "approve" | "reject" | "cancel" | "retry" | "nudge") =>
	(reader: CommandReader): Command | No => {
		const flags = reader.flags(verb, { "--reason": "text" });
		if ("ok" in flags) return flags;
		const said = reader.run(verb);
		if ("ok" in said) return said;
		const why = reader.reason(verb, flags.texts.get("--reason"));
		return "ok" in why ? why : { verb, run: said.run, reason: why.reason };
	};

const readRunAlone =
	(verb: "show" | "logs") =>
	(reader: CommandReader): Command | No => {
		const flags = reader.flags(verb);
		if ("ok" in flags) return flags;
		const said = reader.run(verb);
		if ("ok" in said) return said;
		return reader.end(verb) ?? { verb, run: said.run };
	};

const readLook =
	(verb: "queue" | "history" | "diff") =>
	(reader: CommandReader): Command | No => {
		const flags = reader.flags(verb);
		if ("ok" in flags) return flags;
		const place = readPlace(reader, verb, { ref: false, environment: "optional" });
		if ("ok" in place) return place;
		return reader.end(verb) ?? { verb, project: place.project, environment: place.environment };
	};

function readStatus(reader: CommandReader): Command | No {
	const flags = reader.flags("status");
	if ("ok" in flags) return flags;
	const first = reader.peek();
	if (first === null) return { verb: "status", project: null, environment: null };
	// The project may be left out too: the same environment of all of them.
	const environment =
		unknownProject(reader, "status", first) === null ? null : environmentAnywhere(reader.known, first.text);
	if (environment !== null) {
		reader.take();
		return reader.end("status") ?? { verb: "status", project: null, environment };
	}
	const place = readPlace(reader, "status", { ref: false, environment: "optional" });
	if ("ok" in place) return place;
	return reader.end("status") ?? { verb: "status", project: place.project, environment: place.environment };
}

const readAlone =
	(verb: "whoami" | "admin") =>
	(reader: CommandReader): Command | No => {
		const flags = reader.flags(verb);
		return "ok" in flags ? flags : (reader.end(verb) ?? { verb });
	};

function readHelp(reader: CommandReader): Command | No {
	const token = reader.take();
	if (token === null) return { verb: "help", topic: null };
	const verb = verbOf(token.text.toLowerCase().replace(/!$/, ""));
	if (verb !== null) return reader.end("help") ?? { verb: "help", topic: verb };
	const near = nearest(token.text, VERB_NAMES).map((name) => ({ label: name, command: `help ${name}` }));
	return reader.no("unknown_verb", `"${short(token.text)}" is no command that I know.`, "help", [
		...near,
		{ label: "help", command: "help" },
	]);
}

const READERS: Record<VerbName, (reader: CommandReader, forced: boolean) => Command | No> = {
	deploy: readDeploy,
	rollback: readRollback,
	plan: readPlan,
	explain: readExplain,
	approve: readOnRun("approve"),
	reject: readOnRun("reject"),
	cancel: readOnRun("cancel"),
	retry: readOnRun("retry"),
	lock: readLock,
	unlock: readUnlock,
	status: readStatus,
	queue: readLook("queue"),
	history: readLook("history"),
	diff: readLook("diff"),
	show: readRunAlone("show"),
	logs: readRunAlone("logs"),
	whoami: readAlone("whoami"),
	help: readHelp,
	promote: readPromote,
	nudge: readOnRun("nudge"),
	freeze: readFreeze,
	unfreeze: readUnfreeze,
	admin: readAlone("admin"),
};
