import type { Command } from "./command.ts";
import { type CommandReader, type No, short } from "./command-reader.ts";
import { readScope, scopeNamed } from "./freeze-scope.ts";
import { readUntil, UNTIL_FORMS, type Until } from "./freeze-until.ts";

/** `freeze <scope> [until <time>|for 2h] <reason>`; the time may also stand at the end, as people say it. */
export function readFreeze(reader: CommandReader): Command | No {
	const flags = reader.flags("freeze", { "--reason": "text" });
	if ("ok" in flags) return flags;
	const token = reader.peek();
	if (token === null)
		return reader.no("scope_needed", "Which environments? web/production, */production, or * for all.", "freeze");
	const reading = readScope(token.text.replace(/:$/, ""), reader.known);
	if (!reading.ok) {
		const hints = reading.near.map((scope) => ({ label: scope, command: reader.corrected(token, scope) }));
		return reader.no(reading.code, reading.message, "freeze", hints);
	}
	reader.take();
	const until = readEnd(reader);
	if (until !== null && "ok" in until) return until;
	const why = reader.reason("freeze", flags.texts.get("--reason"));
	if ("ok" in why) return why;
	if (why.reason === null)
		return reader.no("reason_needed", "A freeze needs a reason: everybody whom it stops will read it.", "freeze");
	return { verb: "freeze", scope: reading.scope, until, reason: why.reason };
}

export function readUnfreeze(reader: CommandReader): Command | No {
	const flags = reader.flags("unfreeze");
	if ("ok" in flags) return flags;
	const token = reader.take();
	if (token === null) return { verb: "unfreeze", scope: null };
	// What was frozen may be gone from the configuration by now: it can be lifted all the same.
	const reading = readScope(token.text, reader.known);
	if (reading.ok) return reader.end("unfreeze") ?? { verb: "unfreeze", scope: reading.scope };
	const scope = scopeNamed(token.text);
	if (scope === null) return reader.no(reading.code, reading.message, "unfreeze");
	return reader.end("unfreeze") ?? { verb: "unfreeze", scope };
}

function readEnd(reader: CommandReader): Until | null | No {
	const word = reader.word();
	if (word === "for") {
		reader.take();
		const ms = reader.duration("freeze");
		return typeof ms === "number" ? { kind: "for", ms } : ms;
	}
	if (word === "until" || word === "till") {
		reader.take();
		const read = readUntil(reader.plainWords());
		if (read === null)
			return reader.no(
				"bad_time",
				`"${short(reader.peek()?.text ?? "")}" is no time that I can read: write ${UNTIL_FORMS}, or leave it out.`,
				"freeze",
			);
		for (let n = 0; n < read.taken; n++) reader.take();
		return read.until;
	}
	const ms = reader.durationAtEnd();
	return ms === null ? reader.untilAtEnd() : { kind: "for", ms };
}
