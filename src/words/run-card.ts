import type { Approval } from "../core/decision.ts";
import type { Evidence } from "../core/evidence.ts";
import { externalOf, isEnd, type Run, startedAtOf } from "../core/run.ts";
import { writeToken } from "../core/tokenize.ts";
import type { Card, CardAction, CardBlock, Inline, Rich } from "../ports/chat.ts";
import { evidenceBlocks } from "./evidence-words.ts";
import { card } from "./rich.ts";
import { stateLabel } from "./state-label.ts";

const VERBS = { deploy: "Deploy", rollback: "Rollback", "dry-run": "Dry-run" } as const;

/** `Deploy #12: web v1.4.2 → production` */
export function runTitle(run: Run): string {
	return `${VERBS[run.type]} #${run.number}: ${run.project} ${refName(run)} → ${run.environment}`;
}

/** The ref as people call it: a SHA is shortened. */
export function refName(run: Pick<Run, "ref">): string {
	return run.ref.kind === "sha" ? run.ref.sha.slice(0, 8) : run.ref.name;
}

export interface RunCardFacts {
	readonly approvals: readonly Approval[];
	/** What it is queued behind, from that word on; null: it is next. */
	readonly waitsFor: string | null;
	/** What whoever decides looks at; null: nobody has to, or nothing was gathered. */
	readonly evidence: Evidence | null;
	/** What is out of the ordinary about its rules, a sentence each. */
	readonly notes: readonly string[];
}

/** The root card of a run: the one message that shows how it stands, edited in place. */
export function runCard(run: Run, facts: RunCardFacts): Card {
	const blocks: CardBlock[] = [
		{ kind: "title", text: runTitle(run) },
		{ kind: "text", text: headline(run, facts) },
		{ kind: "fields", fields: fields(run, facts) },
	];
	if (run.note !== null) blocks.push({ kind: "text", text: [{ bold: "Reason:" }, ` ${run.note}`] });
	if (run.force !== null)
		blocks.push({
			kind: "text",
			text: [{ bold: "⚠️ Forced:" }, ` ${run.force.reason} (set aside: ${run.force.waived.join(", ") || "nothing"})`],
		});
	if (facts.notes.length > 0) blocks.push({ kind: "text", text: [facts.notes.join("\n")] });
	if (facts.evidence !== null) blocks.push(...evidenceBlocks(facts.evidence));
	const actions = actionsOf(run);
	if (actions.length > 0) blocks.push({ kind: "actions", actions });
	return card(...blocks);
}

function headline(run: Run, facts: RunCardFacts): Rich {
	const at = run.progress;
	const state: Inline = { bold: stateLabel(at.state) };
	switch (at.state) {
		case "waiting_approval": {
			const given = approved(facts).length;
			return [state, `: ${given} of ${run.approvalsRequired} given, expires `, { time: at.deadline }];
		}
		case "queued":
			return [state, facts.waitsFor === null ? ": next in line" : ` ${facts.waitsFor}`];
		case "cancelling":
			return [state, `: ${at.stop.reason}`];
		case "dispatching":
		case "running":
			return [state, " since ", { time: at.startedAt }];
		case "succeeded":
			return [state, " (", { time: at.finishedAt }, ")"];
		default:
			return [state, ": ", at.reason, " (", { time: at.finishedAt }, ")"];
	}
}

function approved(facts: RunCardFacts): readonly Approval[] {
	return facts.approvals.filter((one) => one.decision === "approved");
}

function fields(run: Run, facts: RunCardFacts): Extract<CardBlock, { kind: "fields" }>["fields"] {
	const list: { label: string; value: Rich }[] = [
		{
			label: "Version",
			value: [{ code: refName(run) }, ` (${run.ref.kind}), commit `, { code: run.ref.sha.slice(0, 8) }],
		},
		{ label: "Requested by", value: [{ person: run.requestedBy }] },
	];
	const external = externalOf(run);
	if (external?.externalUrl != null)
		list.push({ label: "Pipeline", value: [{ link: external.externalUrl, text: "open the run" }] });
	const given = approved(facts);
	if (given.length > 0)
		list.push({
			label: "Approved by",
			value: given.flatMap((one, n): Inline[] => [...(n > 0 ? [", "] : []), { person: one.person }]),
		});
	const parameters = Object.entries(run.parameters);
	if (parameters.length > 0)
		list.push({
			label: "Parameters",
			value: [{ code: parameters.map(([key, value]) => `${key}=${value}`).join(" ") }],
		});
	if (run.rollback !== null)
		list.push({
			label: "Goes back",
			value: [
				run.rollback.fromSha === null ? "" : `from ${run.rollback.fromSha.slice(0, 8)} `,
				run.rollback.toRun === null ? `to ${refName(run)}` : `to #${run.rollback.toRun}`,
			],
		});
	if (run.promotedFrom !== null)
		list.push({ label: "Promoted from", value: [`#${run.promotedFrom.run} on ${run.promotedFrom.environment}`] });
	if (run.retryOf !== null) list.push({ label: "Retry of", value: [`#${run.retryOf}`] });
	const took = duration(run);
	if (took !== null) list.push({ label: "Took", value: [took] });
	return list;
}

function duration(run: Run): string | null {
	const startedAt = startedAtOf(run);
	if (!("finishedAt" in run.progress) || startedAt === null) return null;
	const seconds = Math.round((run.progress.finishedAt.getTime() - startedAt.getTime()) / 1000);
	return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
}

/** The whole of a run, for those who hear it. */
function spokenRun(run: Run): string {
	return `${VERBS[run.type]} number ${run.number} of ${run.project} to ${run.environment}`;
}

export function cancelAction(run: Run): CardAction {
	return {
		kind: "decision",
		id: "cancel",
		label: "Cancel",
		style: "default",
		value: `${run.id}:${run.version}`,
		confirm: `Cancel #${run.number}? What is at work is asked to stop.`,
		spoken: `Cancel ${spokenRun(run)}`,
	};
}

function actionsOf(run: Run): CardAction[] {
	const value = `${run.id}:${run.version}`;
	const what = spokenRun(run);
	const { state } = run.progress;
	if (state === "waiting_approval")
		return [
			{
				kind: "decision",
				id: "approve",
				label: "Approve",
				style: "primary",
				value,
				confirm: null,
				spoken: `Approve ${what}`,
			},
			{
				kind: "decision",
				id: "reject",
				label: "Reject",
				style: "danger",
				value,
				confirm: null,
				spoken: `Reject ${what}`,
			},
		];
	if (state === "queued" || state === "dispatching" || state === "running") return [cancelAction(run)];
	if (state === "superseded")
		return [{ kind: "command", label: "Ask again", command: askAgainCommand(run), spoken: `Ask again for ${what}` }];
	if (isEnd(state) && state !== "succeeded")
		return [
			{
				kind: "decision",
				id: "retry",
				label: "Retry",
				style: "default",
				value,
				confirm: null,
				spoken: `Retry ${what}`,
			},
		];
	return [];
}

/** The command that asks for the same once more, at what its ref names by then. */
export function askAgainCommand(run: Run): string {
	const { project, environment, type, ref, rollback } = run;
	const parameters = Object.entries(run.parameters).map(([key, value]) =>
		writeToken({ text: `${key}=${value}`, quoted: false }),
	);
	if (type === "rollback") {
		const to = rollback?.toRun == null ? ref.name : `#${rollback.toRun}`;
		return ["rollback", project, environment, "to", to, ...parameters].join(" ");
	}
	const flags = type === "dry-run" ? ["--dry-run"] : [];
	return ["deploy", `${project}@${ref.name}`, "to", environment, ...parameters, ...flags].join(" ");
}
