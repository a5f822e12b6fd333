import type { Command } from "../core/command.ts";
import { refusal } from "../core/refusal.ts";
import { isEnd, type Run } from "../core/run.ts";
import type { Answer } from "../ports/front.ts";
import { openRetryOf } from "../store/runs.ts";
import { holderWords } from "../words/holder-words.ts";
import { requestedCard } from "../words/requested-card.ts";
import { type CommandContext, no, yes } from "./answer.ts";
import { approversOf } from "./approvers.ts";
import { findPlace, type Place, placeById } from "./catalog.ts";
import { type RunAsked, requestRun } from "./request-run.ts";
import { lockInTheWay, waitsFor } from "./waits-for.ts";

type Of<V extends Command["verb"]> = Extract<Command, { verb: V }>;

/** The parser names only what is configured; between its look and ours it may have gone. */
export async function placeOf(
	{ deps }: CommandContext,
	project: string,
	environment: string | null,
): Promise<Place | Answer> {
	const place = environment === null ? null : await findPlace(deps.db.manager, project, environment);
	return (
		place ??
		no(
			refusal(
				"unknown_environment",
				`${project} has no environment "${environment ?? ""}".`,
				`deploy status ${project} shows what it has.`,
			),
		)
	);
}

export function isAnswer(value: Place | Answer): value is Answer {
	return "outcome" in value;
}

const REASON_NEEDED = refusal(
	"reason_needed",
	"Force needs a reason: everybody will read why the rules were set aside.",
	'Say it again with: --force "why".',
);

/** What may be said with whatever asks for a run, and is no retry. */
function saidWith({ parameters, force, reason }: Of<"deploy" | "rollback" | "promote">) {
	return { parameters, force, note: reason, retryOf: null, onlySha: null };
}

export async function answerDeploy(context: CommandContext, command: Of<"deploy">): Promise<Answer> {
	if (command.force === "") return no(REASON_NEEDED);
	const place = await placeOf(context, command.project, command.environment);
	if (isAnswer(place)) return place;
	return request(context, {
		place,
		type: command.dryRun ? "dry-run" : "deploy",
		ref: command.ref,
		toRun: null,
		...saidWith(command),
	});
}

export async function answerRollback(context: CommandContext, command: Of<"rollback">): Promise<Answer> {
	if (command.force === "") return no(REASON_NEEDED);
	const place = await placeOf(context, command.project, command.environment);
	if (isAnswer(place)) return place;
	if (command.dryRun)
		return no(
			refusal(
				"no_dry_rollback",
				"A rollback has no dry-run.",
				`To see what would happen: deploy plan ${command.project}@<ref> ${place.environment.slug}.`,
			),
		);
	const { to } = command;
	return request(context, {
		place,
		type: "rollback",
		ref: to !== null && "ref" in to ? to.ref : null,
		toRun: to !== null && "run" in to ? to.run : null,
		...saidWith(command),
	});
}

/** What is live in one environment is asked for at another, like a deploy of it. */
export async function answerPromote(context: CommandContext, command: Of<"promote">): Promise<Answer> {
	if (command.force === "") return no(REASON_NEEDED);
	const from = await placeOf(context, command.project, command.from);
	if (isAnswer(from)) return from;
	const place = await placeOf(context, command.project, command.to);
	if (isAnswer(place)) return place;
	return request(context, {
		place,
		type: command.dryRun ? "dry-run" : "deploy",
		ref: null,
		toRun: null,
		...saidWith(command),
		promoteFrom: from,
	});
}

export async function answerRetry(
	context: CommandContext,
	number: number | null,
	reason: string | null,
): Promise<Answer> {
	const found = await context.findRun(number);
	return found.ok ? retryRun(context, found.value, reason) : no(found.refusal);
}

/** A new run of the same commit, linked to the old one; every rule is asked again. */
export async function retryRun(context: CommandContext, old: Run, reason: string | null): Promise<Answer> {
	if (!isEnd(old.progress.state))
		return no(
			refusal(
				"not_over_yet",
				`#${old.number} is not over yet, so there is nothing to retry.`,
				`deploy cancel #${old.number} stops it.`,
			),
		);
	const place = await placeById(context.deps.db.manager, old.environmentId);
	if (place.environment.archivedAt !== null || place.project.archivedAt !== null)
		return no(refusal("unknown_environment", `${old.project}/${old.environment} is not configured any more.`));
	return request(context, {
		place,
		type: old.type,
		ref: old.rollback?.toRun == null ? old.ref.name : null,
		toRun: old.rollback?.toRun ?? null,
		parameters: old.parameters,
		force: null,
		note: reason ?? old.note,
		retryOf: old.number,
		onlySha: old.ref.sha,
	});
}

async function request(context: CommandContext, asked: Omit<RunAsked, "caller" | "deliveryKey">): Promise<Answer> {
	const { deps, caller, deliveryKey } = context;
	const before = asked.retryOf === null ? null : await openRetryOf(deps.db, asked.place.environment.id, asked.retryOf);
	const outcome = await requestRun(deps, { ...asked, caller, deliveryKey });
	if (!outcome.ok) return no(outcome.refusal);
	const run = outcome.value;
	const approvers = await approversOf(deps.db, asked.place, new Set([run.requestedBy.id]), caller.via === "api");
	const { state } = run.progress;
	return yes(
		requestedCard(run, {
			approvers: holderWords(approvers),
			waitsFor: state === "queued" ? await waitsFor(deps, run) : null,
			lock: await lockInTheWay(deps, run),
			isOfEarlier: asked.retryOf !== null && (run.id === before?.id || run.requestedBy.id !== caller.person.id),
		}),
		run.id,
	);
}
