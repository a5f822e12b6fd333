import { done, type Outcome } from "../core/refusal.ts";
import { isEnd, type Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { isSameHuman } from "../store/accounts.ts";
import { endedRefusal } from "../words/refusal-words.ts";
import { advanceRun } from "./advance-run.ts";
import { placeById } from "./catalog.ts";
import { checkRight } from "./check-right.ts";
import { actorOf, type Caller } from "./identify.ts";
import { refuseOnTrail } from "./refuse-on-trail.ts";

/** How long a provider may take to say that it stopped before the run is given up as timed out; milliseconds. */
export const CANCEL_GRACE = 10 * 60_000;

/**
 * How long is looked for what may have been started, when the provider's answer to that is not known; milliseconds. People who cancel
 * want the environment back: what turns up later is stopped all the same.
 */
const UNKNOWN_GRACE = 60_000;

/** Cancels one's own run, or any as an admin. What is at the provider is asked to stop; what is not yet there ends at once. */
export async function cancelRun(deps: Deps, caller: Caller, run: Run, reason: string | null): Promise<Outcome<Run>> {
	const place = await placeById(deps.db.manager, run.environmentId);
	const own = await isSameHuman(deps.db, caller.person.id, run.requestedBy.id, run.createdAt);
	const any = checkRight(caller, "cancel_any", place);
	const right = any !== null && own ? checkRight(caller, "cancel_own", place) : any;
	if (right !== null) return refuseOnTrail(deps, caller, run, "run.cancel_refused", right);
	let now = run;
	const changed = await advanceRun(deps, run, async (fresh) => {
		now = fresh;
		if (isEnd(fresh.progress.state) || fresh.progress.state === "cancelling") return null;
		const why = `Cancelled by ${caller.person.name}${reason === null ? "." : `: ${reason}`}`;
		const at = fresh.progress;
		const unknown = at.state === "dispatching" && at.triggerAttempted && at.external === null;
		const deadline = new Date(deps.now().getTime() + (unknown ? UNKNOWN_GRACE : CANCEL_GRACE));
		return { events: [{ type: "cancel", reason: why, deadline }], actor: actorOf(caller) };
	});
	if (changed !== null) return done(changed);
	// Asked for twice: the first one counts, and the answer is the same.
	const already = now.progress.state === "cancelling" || now.progress.state === "cancelled";
	return already ? done(now) : refuseOnTrail(deps, caller, now, "run.cancel_refused", endedRefusal(now));
}
