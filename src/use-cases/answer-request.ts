import type { Command } from "../core/command.ts";
import { type Outcome, refusal } from "../core/refusal.ts";
import { isEnd, type Run } from "../core/run.ts";
import type { Answer } from "../ports/front.ts";
import { evidenceBlocks } from "../words/evidence-words.ts";
import { requestedCard } from "../words/requested-card.ts";
import { card } from "../words/rich.ts";
import { refName } from "../words/run-card.ts";
import { verdictCard } from "../words/verdict-words.ts";
import { type CommandContext, no, yes } from "./answer.ts";
import { approversOf } from "./approvers.ts";
import { findPlace, type Place, placeById } from "./catalog.ts";
import { ciShown, gatherEvidence } from "./gather-evidence.ts";
import { type Authors, readAuthors } from "./read-authors.ts";
import { judgeRequest, type RunAsked, requestRun } from "./request-run.ts";

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

export async function answerDeploy(context: CommandContext, command: Of<"deploy">): Promise<Answer> {
	if (command.force === "") return no(REASON_NEEDED);
	const place = await placeOf(context, command.project, command.environment);
	if (isAnswer(place)) return place;
	return request(context, {
		place,
		type: command.dryRun ? "dry-run" : "deploy",
		ref: command.ref,
		toRun: null,
		parameters: command.parameters,
		force: command.force,
		note: command.reason,
		retryOf: null,
		onlySha: null,
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
		parameters: command.parameters,
		force: command.force,
		note: command.reason,
		retryOf: null,
		onlySha: null,
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
	const outcome = await requestRun(deps, { ...asked, caller, deliveryKey });
	if (!outcome.ok) return no(outcome.refusal);
	const run = outcome.value;
	return yes(requestedCard(run, await approversOf(deps, asked.place)), run.id);
}

export async function answerExplain(context: CommandContext, command: Of<"explain">): Promise<Answer> {
	const place = await placeOf(context, command.project, command.environment);
	if (isAnswer(place)) return place;
	const judged = await judgeRequest(context.deps, {
		caller: context.caller,
		deliveryKey: null,
		explain: true,
		place,
		type: "deploy",
		ref: command.ref,
		toRun: null,
		parameters: command.parameters,
		force: null,
		note: null,
		retryOf: null,
		onlySha: null,
	});
	if (!judged.ok) return no(judged.refusal);
	const { ref, verdict, ci, policy } = judged.value;
	const evidence = await gatherEvidence(context.deps, place, ref, ciShown(policy.ci.mode, ci));
	const title = `${place.project.slug}@${refName({ ref })} → ${place.environment.slug}`;
	const judgement = verdictCard(title, verdict, { approvers: await approversOf(context.deps, place) });
	const barred =
		policy.approvals.commitAuthors || verdict.approvals === 0 ? null : await readAuthors(context.deps, place, ref);
	return yes(
		card(
			...judgement.blocks,
			...(barred === null ? [] : [{ kind: "text" as const, text: [barredWords(barred)] }]),
			{ kind: "divider" },
			...evidenceBlocks(evidence),
		),
	);
}

function barredWords(authors: Outcome<Authors>): string {
	if (!authors.ok)
		return `Nobody could approve it now. ${authors.refusal.message} ${authors.refusal.next ?? ""}`.trim();
	const names = [...new Set(authors.value.values())];
	return names.length === 0
		? "It has no commits that are not live, so no author is barred from approving."
		: `May not approve it, because they wrote a commit of it: ${names.join(", ")}.`;
}
