import type { Command, Known, Parsed } from "./command.ts";
import { CommandReader, type No } from "./command-reader.ts";
import { tokenize } from "./tokenize.ts";
import { VERB_ALIASES, VERB_NAMES, type VerbName } from "./verbs.ts";

/** Letters; a command of a person is a line, not a document. */
const MAX_LENGTH = 4_000;

/** Reads what a person said. Never throws; every refusal is a sentence with the form that fits. */
export function parseCommand(text: string, known: Known): Parsed {
	if (text.length > MAX_LENGTH)
		return no(
			"too_long",
			`That is ${text.length} characters; a command has at most ${MAX_LENGTH}. Nothing was done.`,
			null,
		);
	// Invisible characters come along when people paste; what they cannot see must not decide.
	const visible = text
		.normalize("NFC")
		.replace(/\p{Cf}/gu, "")
		.replace(/[\p{Cc}]+/gu, " ");
	const tokens = tokenize(visible);
	if (tokens === null) return no("unclosed_quote", "A quote is not closed.", null);
	const reader = new CommandReader(tokens, known);
	const result = read(reader);
	return "ok" in result ? result : { ok: true, command: result };
}

function no(code: string, message: string, usage: string | null): No {
	return { ok: false, code, message, usage, suggestions: [] };
}

function read(reader: CommandReader): Command | No {
	let first = reader.word();
	// `/deploy deploy web to stage` is what people type who think of the slash as punctuation.
	let forced = false;
	if (first === "deploy" || first === "deploy!") {
		forced = first === "deploy!";
		reader.take();
		first = reader.word();
	}
	if (first === null) return forced ? reader.no("project_needed", "Which project?", "deploy") : { verb: "form" };
	if (first.startsWith("--") && first !== "--help") return readDeploy(reader, forced);
	const verb = verbOf(first);
	if (verb === null || forced) return readDeploy(reader, forced);
	reader.take();
	if (reader.word() === "--help") return { verb: "help", topic: verb };
	return READERS[verb](reader);
}

function verbOf(word: string): VerbName | null {
	if (word === "--help" || word === "-h" || word === "?") return "help";
	if (Object.hasOwn(VERB_ALIASES, word)) return VERB_ALIASES[word] ?? null;
	return VERB_NAMES.find((name) => name === word) ?? null;
}

function readDeploy(reader: CommandReader, forced: boolean): Command | No {
	const flags = reader.flags("deploy", { "--dry-run": "alone", "--force": "text", "--reason": "text" });
	if ("ok" in flags) return flags;
	const place = reader.place("deploy", { ref: true, environment: "needed", extra: (p, e) => `deploy ${p} to ${e}` });
	if ("ok" in place) return place;
	const parameters = reader.parameters("deploy");
	if ("ok" in parameters) return parameters;
	const rest = reader.end("deploy");
	if (rest !== null) return rest;
	return {
		verb: "deploy",
		...place,
		parameters: parameters.values,
		dryRun: flags.alone.has("--dry-run"),
		force: flags.texts.get("--force") ?? (forced ? "" : null),
		reason: flags.texts.get("--reason") ?? null,
	};
}

function readPlan(reader: CommandReader): Command | No {
	const flags = reader.flags("plan", { "--reason": "text" });
	if ("ok" in flags) return flags;
	const place = reader.place("plan", { ref: true, environment: "needed", extra: (p, e) => `plan ${p} ${e}` });
	if ("ok" in place) return place;
	const parameters = reader.parameters("plan");
	if ("ok" in parameters) return parameters;
	const rest = reader.end("plan");
	if (rest !== null) return rest;
	const reason = flags.texts.get("--reason") ?? null;
	return { verb: "deploy", ...place, parameters: parameters.values, dryRun: true, force: null, reason };
}

function readExplain(reader: CommandReader): Command | No {
	const place = reader.place("explain", { ref: true, environment: "needed", extra: (p, e) => `explain ${p} ${e}` });
	if ("ok" in place) return place;
	const parameters = reader.parameters("explain");
	if ("ok" in parameters) return parameters;
	return reader.end("explain") ?? { verb: "explain", ...place, parameters: parameters.values };
}

function readRollback(reader: CommandReader): Command | No {
	const flags = reader.flags("rollback", { "--dry-run": "alone", "--force": "text", "--reason": "text" });
	if ("ok" in flags) return flags;
	const place = reader.place("rollback", { ref: false, environment: "needed", extra: (p, e) => `rollback ${p} ${e}` });
	if ("ok" in place) return place;
	const parameters = reader.parameters("rollback");
	if ("ok" in parameters) return parameters;
	let to: Extract<Command, { verb: "rollback" }>["to"] = null;
	if (reader.word() === "to") {
		reader.take();
		const run = reader.runNumber();
		if (run !== null) to = { run };
		else {
			const ref = reader.ref("rollback");
			if (typeof ref !== "string") return ref;
			to = { ref };
		}
	}
	const rest = reader.end("rollback");
	if (rest !== null) return rest;
	return {
		verb: "rollback",
		project: place.project,
		environment: place.environment,
		to,
		parameters: parameters.values,
		dryRun: flags.alone.has("--dry-run"),
		force: flags.texts.get("--force") ?? null,
		reason: flags.texts.get("--reason") ?? null,
	};
}

function readLock(reader: CommandReader): Command | No {
	const flags = reader.flags("lock", { "--steal": "text", "--reason": "text" });
	if ("ok" in flags) return flags;
	const place =
		reader.oldLock() ?? reader.place("lock", { ref: false, environment: "needed", extra: (p, e) => `lock ${p} ${e}` });
	if ("ok" in place) return place;
	let forMs: number | null = null;
	if (reader.word() === "for") {
		const duration = reader.duration("lock");
		if (typeof duration !== "number") return duration;
		forMs = duration;
	}
	const reason = reader.restText() ?? flags.texts.get("--reason") ?? null;
	return {
		verb: "lock",
		project: place.project,
		environment: place.environment,
		forMs,
		reason,
		steal: flags.texts.get("--steal") ?? null,
	};
}

function readUnlock(reader: CommandReader): Command | No {
	const place =
		reader.oldLock() ??
		reader.place("unlock", { ref: false, environment: "needed", extra: (p, e) => `unlock ${p} ${e}` });
	if ("ok" in place) return place;
	return reader.end("unlock") ?? { verb: "unlock", project: place.project, environment: place.environment };
}

const readOnRun =
	(verb: "approve" | "reject" | "cancel") =>
	(reader: CommandReader): Command | No => {
		const flags = reader.flags(verb, { "--reason": "text" });
		if ("ok" in flags) return flags;
		const run = reader.runNumber();
		const reason = reader.restText() ?? flags.texts.get("--reason") ?? null;
		return { verb, run, reason };
	};

const readRunAlone =
	(verb: "retry" | "show" | "logs") =>
	(reader: CommandReader): Command | No => {
		const run = reader.runNumber();
		const rest = reader.end(verb);
		if (rest !== null) return rest;
		return verb === "retry" ? { verb, run, reason: null } : { verb, run };
	};

const readLook =
	(verb: "queue" | "history") =>
	(reader: CommandReader): Command | No => {
		const place = reader.place(verb, { ref: false, environment: "optional", extra: (p, e) => `${verb} ${p} ${e}` });
		if ("ok" in place) return place;
		return reader.end(verb) ?? { verb, project: place.project, environment: place.environment };
	};

function readStatus(reader: CommandReader): Command | No {
	if (reader.word() === null) return { verb: "status", project: null, environment: null };
	const place = reader.place("status", { ref: false, environment: "optional", extra: (p, e) => `status ${p} ${e}` });
	if ("ok" in place) return place;
	return reader.end("status") ?? { verb: "status", project: place.project, environment: place.environment };
}

function readHelp(reader: CommandReader): Command | No {
	const topic = reader.word();
	if (topic === null) return { verb: "help", topic: null };
	const verb = verbOf(topic);
	if (verb === null) return reader.unknownVerb(topic);
	reader.take();
	return reader.end("help") ?? { verb: "help", topic: verb };
}

const READERS: Record<VerbName, (reader: CommandReader) => Command | No> = {
	deploy: (reader) => readDeploy(reader, false),
	rollback: readRollback,
	plan: readPlan,
	explain: readExplain,
	approve: readOnRun("approve"),
	reject: readOnRun("reject"),
	cancel: readOnRun("cancel"),
	retry: readRunAlone("retry"),
	lock: readLock,
	unlock: readUnlock,
	status: readStatus,
	queue: readLook("queue"),
	history: readLook("history"),
	show: readRunAlone("show"),
	logs: readRunAlone("logs"),
	whoami: (reader) => reader.end("whoami") ?? { verb: "whoami" },
	help: readHelp,
	promote: () => ({ verb: "later", name: "promote" }),
	nudge: () => ({ verb: "later", name: "nudge" }),
	freeze: () => ({ verb: "later", name: "freeze" }),
	unfreeze: () => ({ verb: "later", name: "unfreeze" }),
	diff: () => ({ verb: "later", name: "diff" }),
	admin: () => ({ verb: "later", name: "admin" }),
};
