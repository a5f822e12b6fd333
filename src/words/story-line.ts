import type { AuditAction, AuditEntry } from "../core/audit-entry.ts";
import { formatDuration } from "../core/duration.ts";
import { type PersonRef, RUN_STATES, type Run, type RunState } from "../core/run.ts";
import type { Inline, Rich } from "../ports/chat.ts";
import { sentence } from "./sentence.ts";
import { statePhrase } from "./state-label.ts";

/** What the thread of a run says of one entry of its trail; null: nothing that people follow a run for. */
export function storyLine(entry: AuditEntry): Rich | null {
	return LINES[entry.action]?.(entry) ?? null;
}

const text = (entry: AuditEntry, key: string): string => {
	const value = entry.data[key];
	return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
};

const actor = (entry: AuditEntry): Inline =>
	entry.actor.id === null ? { bold: entry.actor.name } : { person: { id: entry.actor.id, name: entry.actor.name } };

/** Whoever reads it can judge what DRAVEN cannot: who that was. */
const nobodys = (entry: AuditEntry): Inline[] =>
	entry.data["nobodys"] === true ? [" (an API token that belongs to no person)"] : [];

function promoted({ data }: AuditEntry): Inline[] {
	const from = data["promotedFrom"] as Run["promotedFrom"] | undefined;
	return from == null ? [] : [`, promoted from #${from.run} on ${from.environment}`];
}

function pipelinePhrase(status: string): string {
	if (status === "waiting") return "waits for somebody";
	return RUN_STATES.some((state) => state === status) ? statePhrase(status as RunState) : `is ${status}`;
}

function stopping({ data }: AuditEntry): string {
	if (typeof data["externalId"] === "string" || data["called"] === undefined) return "The pipeline is asked to stop.";
	return data["called"] === false
		? "The pipeline is not started any more."
		: "Whether the pipeline was started is not known yet: it is looked for, and stopped when it is found.";
}

function personIn(entry: AuditEntry): Inline {
	const person = entry.data["person"] as PersonRef;
	return { person: { id: person.id, name: person.name } };
}

function nudged(entry: AuditEntry): Rich {
	const waited = `has waited for ${formatDuration(Number(entry.data["waited"]))}`;
	if (entry.data["person"] !== undefined)
		return [" asks ", personIn(entry), `, who holds the lock of the environment, to let it go on: it ${waited}.`];
	const given = `${text(entry, "given")} of ${text(entry, "needed")} approvals`;
	return [
		` asks again for a decision: it ${waited}, has ${given}, and expires `,
		{ time: new Date(text(entry, "deadline")) },
		".",
	];
}

const LINES: Partial<Record<AuditAction, (entry: AuditEntry) => Rich>> = {
	"run.requested": (entry) => [
		"Requested by ",
		actor(entry),
		...nobodys(entry),
		...promoted(entry),
		Number(entry.data["approvalsRequired"]) > 0
			? `. It needs ${entry.data["approvalsRequired"] === 1 ? "one approval" : `${text(entry, "approvalsRequired")} approvals`} by somebody else.`
			: ". Its policy asks for no approval.",
	],
	"run.approved": (entry) => [
		"Approved by ",
		actor(entry),
		...nobodys(entry),
		` (${text(entry, "given")} of ${text(entry, "needed")})`,
		text(entry, "reason") === "" ? "." : `: ${text(entry, "reason")}`,
	],
	"run.nudged": (entry) => [
		"🔔 ",
		actor(entry),
		...nobodys(entry),
		...nudged(entry),
		...(text(entry, "reason") === "" ? [] : [` They say: ${sentence(text(entry, "reason"))}`]),
	],
	"run.queued": () => ["Queued."],
	"run.dispatching": () => ["It has the lock of the environment; the pipeline is being started."],
	"run.running": (entry) => {
		const url = text(entry, "externalUrl");
		return url === ""
			? ["The pipeline is at work."]
			: ["The pipeline is at work: ", { link: url, text: "open the run" }, "."];
	},
	"run.cancelling": (entry) => [`${sentence(text(entry, "reason"))} ${stopping(entry)}`],
	"run.succeeded": () => ["✅ It succeeded. The environment is free."],
	"run.failed": (entry) => [`❌ It failed: ${text(entry, "reason")}`],
	"run.rejected": (entry) => [text(entry, "reason")],
	"run.cancelled": (entry) => [text(entry, "reason")],
	"run.expired": (entry) => [`It expired: ${text(entry, "reason")}`],
	"run.superseded": (entry) => [`It was superseded: ${text(entry, "reason")}`],
	"run.timed_out": (entry) => [`It timed out: ${text(entry, "reason")}`],
	"run.late_report": (entry) => [
		actor(entry),
		` said after the end of this run that it ${pipelinePhrase(text(entry, "status"))} (attempt ${text(entry, "attempt")}). The run stays as it ended.`,
	],
	"run.noted": (entry) => {
		const url = text(entry, "externalUrl");
		return [text(entry, "note"), ...(url === "" ? [] : [" ", { link: url, text: "Open the run" }])];
	},
	"lock.taken": (entry) => [
		"🔒 The environment is locked, so that what was taken back does not come again: only the runs of ",
		personIn(entry),
		" pass until it is unlocked.",
	],
};
