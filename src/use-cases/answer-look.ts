import { ROLES, rolesIn } from "../core/access.ts";
import { externalOf } from "../core/run.ts";
import type { Answer } from "../ports/front.ts";
import { lastLines } from "../store/run-log.ts";
import { evidenceOf, verdictOf } from "../store/runs.ts";
import { evidenceBlocks } from "../words/evidence-words.ts";
import { card, textCard } from "../words/rich.ts";
import { historyCard, queueCard, type Standing, statusCard } from "../words/standing-words.ts";
import { verdictCard } from "../words/verdict-words.ts";
import { whoamiCard } from "../words/whoami-card.ts";
import { type CommandContext, no, yes } from "./answer.ts";
import { knownNames } from "./catalog.ts";
import { currentCard } from "./current-card.ts";
import { history, standings } from "./read-model.ts";
import { sees, sightWithin } from "./sight.ts";
import { linkFor } from "./web-sign-in.ts";

async function seenStandings(
	{ deps, caller }: CommandContext,
	filter: Parameters<typeof standings>[1],
): Promise<Standing[]> {
	return standings(deps, filter, (place) => sees(caller, place));
}

export async function answerStatus(
	context: CommandContext,
	project: string | null,
	environment: string | null,
): Promise<Answer> {
	return yes(statusCard(await seenStandings(context, { project, environment })));
}

export async function answerQueue(
	context: CommandContext,
	project: string,
	environment: string | null,
): Promise<Answer> {
	return yes(queueCard(await seenStandings(context, { project, environment })));
}

export async function answerHistory(
	{ deps, caller }: CommandContext,
	project: string,
	environment: string | null,
): Promise<Answer> {
	const sight = await sightWithin(deps.db, caller.principal.tokenReach ?? null);
	const where = environment === null ? project : `${project}/${environment}`;
	return yes(historyCard(where, await history(deps, { project, environment, sight }, 15)));
}

export async function answerShow(context: CommandContext, number: number | null): Promise<Answer> {
	const found = await context.findRun(number);
	if (!found.ok) return no(found.refusal);
	const run = found.value;
	const { deps } = context;
	const shown = await currentCard(deps, run);
	const verdict = await verdictOf(deps.db, run.id);
	const decided = run.progress.state === "waiting_approval" ? null : await evidenceOf(deps.db, run.id);
	return yes(
		card(
			...shown.blocks,
			...(decided === null
				? []
				: [{ kind: "text" as const, text: [{ bold: "What the approvers were shown" }] }, ...evidenceBlocks(decided)]),
			...(verdict === null ? [] : verdictCard("What its policy said", verdict, "then").blocks),
		),
	);
}

/** The end of the log; the whole of it is on the run's page. */
export async function answerLogs(context: CommandContext, number: number | null): Promise<Answer> {
	const found = await context.findRun(number);
	if (!found.ok) return no(found.refusal);
	const run = found.value;
	const lines = await lastLines(context.deps.db, run.id, 25);
	const whole = { link: `${context.deps.publicUrl}/runs/${run.number}`, text: "The whole of it" };
	const page = externalOf(run)?.externalUrl ?? null;
	const provider = page === null ? [] : [" · ", { link: page, text: "Look at the provider" }];
	if (lines.length === 0)
		return yes(textCard(`#${run.number} has no log here. `, { ...whole, text: "Its page" }, ...provider));
	return yes(
		card(
			{ kind: "text", text: [{ bold: `The end of the log of #${run.number}` }] },
			{
				kind: "code",
				text: lines
					.map((line) => line.line)
					.join("\n")
					.slice(-2_500),
			},
			{
				kind: "small",
				text: [whole, ...provider],
			},
		),
	);
}

export async function answerWhoami({ deps, caller }: CommandContext): Promise<Answer> {
	const { projects } = await knownNames(deps.db.manager);
	const places = projects.flatMap((project) =>
		project.environments.flatMap((environment) => {
			const scope = { project: project.slug, environment: environment.slug };
			const roles = rolesIn(caller.bindings, caller.principal, scope);
			return roles.size === 0
				? []
				: [{ place: `${project.slug}/${environment.slug}`, roles: ROLES.filter((role) => roles.has(role)) }];
		}),
	);
	return yes(whoamiCard(caller.principal, places));
}

/** A link is for the one who asks alone: answers are. */
export async function answerAdmin({ deps, caller }: CommandContext): Promise<Answer> {
	const link = await linkFor(deps, caller);
	if (!link.ok) return no(link.refusal);
	return {
		...yes(
			card(
				{
					kind: "text",
					text: [{ link: link.value, text: "Open the web page of DRAVEN" }, ` as ${caller.person.name}.`],
				},
				{
					kind: "small",
					text: ["The link is good once, for 5 minutes, and signs in whoever opens it: do not pass it on."],
				},
			),
		),
		secret: true,
	};
}
