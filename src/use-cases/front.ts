import { oneLine } from "../core/one-line.ts";
import { type Outcome, refusal } from "../core/refusal.ts";
import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Answer, Decision, FormChoices, Front, RefChoice } from "../ports/front.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { runById } from "../store/runs.ts";
import { plainTime } from "../words/rich.ts";
import { type CommandContext, no } from "./answer.ts";
import { cancel, decide } from "./answer-act.ts";
import { retryRun } from "./answer-request.ts";
import { findProject, knownNames, pipelineProject } from "./catalog.ts";
import { handleCommand } from "./handle-command.ts";
import { homeOf } from "./home-of.ts";
import { identify } from "./identify.ts";
import { ownView } from "./own-view.ts";

/** The use cases as the chats see them. */
export function createFront(deps: Deps): Front {
	return {
		command: async (incoming) =>
			tooLate(deps, incoming.saidAt) ??
			handleCommand(deps, { ...incoming, identify: (fresh) => identify(deps, incoming, fresh) }),
		decide: async (decision) => tooLate(deps, decision.saidAt) ?? decideClick(deps, decision),
		formChoices: () => formChoices(deps),
		refChoices: (_platform, _tenant, _user, project, query) => refChoices(deps, project, query),
		home: (platform, tenant, user) => homeOf(deps, { platform, tenant, user }),
		async ownView(platform, tenant, user, value) {
			const id = runIdOf(value);
			return id === null ? null : ownView(deps, { platform, tenant, user }, id);
		},
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

/** A button's value is `<runId>:<version>`. */
function runIdOf(value: string): string | null {
	const id = value.split(":")[0] ?? "";
	return /^[0-9a-f-]{36}$/.test(id) ? id : null;
}

/** A click says the run by its opaque value; the right is checked now, whatever the card showed. */
async function decideClick(deps: Deps, decision: Decision): Promise<Answer> {
	const id = runIdOf(decision.value);
	const run = id === null ? null : await runById(deps.db, id);
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
