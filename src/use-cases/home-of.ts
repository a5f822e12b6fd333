import { isEnd, type Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Card, CardAction, CardBlock, Platform } from "../ports/chat.ts";
import type { HomeView } from "../ports/front.ts";
import { isSameHuman, sameHuman } from "../store/accounts.ts";
import { approvalsOfRuns } from "../store/approvals.ts";
import { listRuns } from "../store/runs.ts";
import { card, textCard } from "../words/rich.ts";
import { cancelAction } from "../words/run-card.ts";
import { type Place, placeById, policyOf } from "./catalog.ts";
import { checkRight } from "./check-right.ts";
import { currentCard } from "./current-card.ts";
import { type Caller, identify } from "./identify.ts";

/** How many of each kind one page shows. */
const SHOWN = 10;
const LOOKED_AT = 50;

/** A person's own page: what waits for a decision of theirs, and what they asked for, with no button that would refuse them. */
export async function homeOf(
	deps: Deps,
	who: { readonly platform: Platform; readonly tenant: string; readonly user: string },
): Promise<HomeView> {
	const identified = await identify(deps, who);
	if (!identified.ok) return { waitingForMe: [], myRuns: [], notes: textCard(identified.refusal.message) };
	const caller = identified.value;
	const waiting = await listRuns(deps.db, { state: "waiting_approval", limit: LOOKED_AT });
	const accounts = await sameHuman(deps.db, caller.person.id, waiting.at(-1)?.createdAt ?? deps.now());
	return {
		waitingForMe: await Promise.all(
			(await waitingFor(deps, caller, accounts, waiting)).map((run) => showTo(deps, caller, run, true)),
		),
		myRuns: await Promise.all((await runsOf(deps, accounts)).map((run) => showTo(deps, caller, run, false))),
		notes: caller.principal.groups.known
			? textCard("Type ", { code: who.platform === "slack" ? "/deploy help" : "help" }, " to see what I can do.")
			: textCard(
					`Your groups could not be read (${caller.principal.groups.why}), so what waits for you may be missing here.`,
				),
	};
}

/**
 * What this person may decide and has not decided yet; what they asked for, by whatever account, only where
 * the policy lets them.
 */
async function waitingFor(
	deps: Deps,
	caller: Caller,
	accounts: ReadonlySet<string>,
	waiting: readonly Run[],
): Promise<readonly Run[]> {
	const decisions = await approvalsOfRuns(
		deps.db,
		waiting.map((run) => run.id),
	);
	const mine: Run[] = [];
	for (const run of waiting) {
		const decided = decisions.get(run.id)?.some(({ person }) => accounts.has(person.id)) ?? false;
		if (decided) continue;
		const place = await placeById(deps.db.manager, run.environmentId);
		if (accounts.has(run.requestedBy.id) && !(await letsDecideOwn(deps, place))) continue;
		if (checkRight(caller, "approve", place) === null) mine.push(run);
		if (mine.length === SHOWN) break;
	}
	return mine;
}

/** Whether who asks for a run may approve it, too. */
export async function letsDecideOwn(deps: Deps, { environment }: Place): Promise<boolean> {
	const found = await policyOf(deps.db.manager, environment.policy);
	return found.ok && found.policy.approvals.self;
}

/** What is not over first, then the newest. */
async function runsOf(deps: Deps, accounts: ReadonlySet<string>): Promise<readonly Run[]> {
	const lists = await Promise.all(
		[...accounts].map((requestedBy) => listRuns(deps.db, { requestedBy, limit: LOOKED_AT })),
	);
	const over = (run: Run) => Number(isEnd(run.progress.state));
	return lists
		.flat()
		.sort((a, b) => over(a) - over(b) || b.number - a.number)
		.slice(0, SHOWN);
}

/** The card of a run with the buttons that do something for this person. */
export async function showTo(deps: Deps, caller: Caller, run: Run, decides: boolean): Promise<Card> {
	const whole = await currentCard(deps, run);
	const place = await placeById(deps.db.manager, run.environmentId);
	const own = await isSameHuman(deps.db, caller.person.id, run.requestedBy.id, run.createdAt);
	const cancels =
		(own && checkRight(caller, "cancel_own", place) === null) || checkRight(caller, "cancel_any", place) === null;
	const works = (action: CardAction): boolean => {
		if (action.kind !== "decision") return true;
		if (action.id === "cancel") return cancels;
		return action.id === "retry" ? checkRight(caller, asked(run), place) === null : decides;
	};
	const blocks = whole.blocks.flatMap((block): CardBlock[] => {
		if (block.kind !== "actions") return [block];
		const actions = block.actions.filter(works);
		// A request that nobody needs any more can be taken back, and not only once it is approved.
		if (!decides && cancels && run.progress.state === "waiting_approval") actions.push(cancelAction(run));
		return actions.length === 0 ? [] : [{ ...block, actions }];
	});
	return card(...blocks);
}

function asked(run: Run): "deploy" | "rollback" | "dry_run" {
	return run.type === "dry-run" ? "dry_run" : run.type;
}
