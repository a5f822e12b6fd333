import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Card, Platform } from "../ports/chat.ts";
import { sameHuman } from "../store/accounts.ts";
import { approvalsOf } from "../store/approvals.ts";
import { runById } from "../store/runs.ts";
import { card } from "../words/rich.ts";
import { placeById } from "./catalog.ts";
import { checkRight } from "./check-right.ts";
import { letsDecideOwn, showTo } from "./home-of.ts";
import { type Caller, identify } from "./identify.ts";

/**
 * A run's card as one person sees it: without the buttons that would refuse them, and with a word on why. Null: there is no such run, or
 * nobody can say who they are. Presentation alone: what a button does is judged when it is pressed.
 */
export async function ownView(
	deps: Deps,
	who: { readonly platform: Platform; readonly tenant: string; readonly user: string },
	runId: string,
): Promise<Card | null> {
	const run = await runById(deps.db, runId);
	const identified = run === null ? null : await identify(deps, who);
	if (run === null || identified === null || !identified.ok) return null;
	const caller = identified.value;
	const why = run.progress.state === "waiting_approval" ? await whyNotToDecide(deps, caller, run) : null;
	const shown = await showTo(deps, caller, run, why === null);
	return why === null ? shown : card(...shown.blocks, { kind: "small", text: [why] });
}

async function whyNotToDecide(deps: Deps, caller: Caller, run: Run): Promise<string | null> {
	const accounts = await sameHuman(deps.db, caller.person.id, run.createdAt);
	const before = (await approvalsOf(deps.db, run.id)).find(({ person }) => accounts.has(person.id));
	if (before !== undefined) return "You have approved it. It waits for others.";
	const place = await placeById(deps.db.manager, run.environmentId);
	if (accounts.has(run.requestedBy.id) && !(await letsDecideOwn(deps, place)))
		return "You asked for it, so somebody else decides.";
	return checkRight(caller, "approve", place)?.message ?? null;
}
