import { oneLine } from "../core/one-line.ts";
import { type Outcome, refusal } from "../core/refusal.ts";
import { isEnd, type Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Card, Platform } from "../ports/chat.ts";
import type { Answer, Decision, FormChoices, Front, HomeView, RefChoice } from "../ports/front.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { listRuns, runById } from "../store/runs.ts";
import { plainTime, textCard } from "../words/rich.ts";
import { type CommandContext, no } from "./answer.ts";
import { cancel, decide } from "./answer-act.ts";
import { retryRun } from "./answer-request.ts";
import { findProject, knownNames, type Place, pipelineProject, placeById } from "./catalog.ts";
import { checkRight } from "./check-right.ts";
import { currentCard } from "./current-card.ts";
import { handleCommand } from "./handle-command.ts";
import { type Caller, identify } from "./identify.ts";

/** The use cases as the chats see them. */
export function createFront(deps: Deps): Front {
	return {
		command: async (incoming) =>
			tooLate(deps, incoming.saidAt) ??
			handleCommand(deps, { ...incoming, identify: (fresh) => identify(deps, incoming, fresh) }),
		decide: async (decision) => tooLate(deps, decision.saidAt) ?? decideClick(deps, decision),
		formChoices: () => formChoices(deps),
		refChoices: (_platform, _tenant, _user, project, query) => refChoices(deps, project, query),
		home: (platform, tenant, user) => home(deps, { platform, tenant, user }),
		forget: (platform, what) => deps.forgetPeople(platform, what),
	};
}

/** Nobody expects that what they said before an outage is done hours later, when they have long helped themselves. */
const CARRIED_OUT_WITHIN_MS = 15 * 60_000;

function tooLate(deps: Deps, saidAt: Date | undefined): Answer | null {
	if (saidAt === undefined || deps.now().getTime() - saidAt.getTime() <= CARRIED_OUT_WITHIN_MS) return null;
	return no(
		refusal(
			"too_late",
			`I could not get to what you said at ${plainTime(saidAt)} until now, so nothing was done.`,
			"Say it again if you still want it.",
		),
	);
}

/** A click says the run by its opaque value; the right is checked now, whatever the card showed. */
async function decideClick(deps: Deps, decision: Decision): Promise<Answer> {
	const id = decision.value.split(":")[0] ?? "";
	const run = /^[0-9a-f-]{36}$/.test(id) ? await runById(deps.db, id) : null;
	if (run === null)
		return no(refusal("unknown_run", "The run of this button is not known here.", "deploy status shows what is."));
	const fresh = decision.action === "approve" || decision.action === "reject";
	const caller = await identify(deps, decision, fresh);
	if (!caller.ok) return no(caller.refusal);
	const reason = decision.reason === null ? null : oneLine(decision.reason);
	const context: CommandContext = {
		deps,
		caller: caller.value,
		deliveryKey: `${decision.platform}:${decision.deliveryId}`,
		findRun: async (): Promise<Outcome<Run>> => ({ ok: true, value: run }),
	};
	switch (decision.action) {
		case "approve":
		case "reject":
			return decide(context, decision.action, run, reason);
		case "cancel":
			return cancel(context, run, reason);
		case "retry":
			return retryRun(context, run, reason);
		default:
			return decision.action satisfies never;
	}
}

async function formChoices(deps: Deps): Promise<FormChoices> {
	return knownNames(deps.db.manager);
}

async function refChoices(deps: Deps, slug: string, query: string): Promise<readonly RefChoice[]> {
	const found = await findProject(deps.db.manager, slug);
	if (found === null) return [];
	try {
		const refs = await deps.pipelineOf(found.integration).listRefs(pipelineProject(found.project), query);
		return refs.slice(0, 100).map(({ name, kind }) => ({ name, kind }));
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return [];
	}
}

/** My runs, and what waits for me. */
async function home(deps: Deps, who: { platform: Platform; tenant: string; user: string }): Promise<HomeView> {
	const caller = await identify(deps, who);
	if (!caller.ok) return { waitingForMe: [], myRuns: [], notes: textCard(caller.refusal.message) };
	const waiting = await listRuns(deps.db, { state: "waiting_approval", limit: 50 });
	const mine = await listRuns(deps.db, { requestedBy: caller.value.person.id, limit: 10 });
	const forMe: Run[] = [];
	for (const run of waiting) if (forMe.length < 10 && (await waitsForMe(deps, caller.value, run))) forMe.push(run);
	return {
		waitingForMe: await cards(deps, forMe),
		// What is at work first, then the newest.
		myRuns: await cards(
			deps,
			mine.sort((a, b) => Number(isEnd(a.progress.state)) - Number(isEnd(b.progress.state)) || b.number - a.number),
		),
		notes: textCard("Type ", { code: "/deploy help" }, " to see what I can do."),
	};
}

async function waitsForMe(deps: Deps, caller: Caller, run: Run): Promise<boolean> {
	if (run.requestedBy.id === caller.person.id) return false;
	const place: Place = await placeById(deps.db.manager, run.environmentId);
	return checkRight(caller, "approve", place) === null;
}

function cards(deps: Deps, runs: readonly Run[]): Promise<Card[]> {
	return Promise.all(runs.map((run) => currentCard(deps, run)));
}
