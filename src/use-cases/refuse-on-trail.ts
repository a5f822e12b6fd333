import type { Refusal } from "../core/refusal.ts";
import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { holdChain, writeTrail } from "../store/change.ts";
import { entryOf } from "./advance-run.ts";
import { actorOf, type Caller } from "./identify.ts";

/** Somebody tried what they may not do to a run: nothing changes, and the trail knows of it. */
export async function refuseOnTrail(
	deps: Deps,
	caller: Caller,
	run: Run,
	action: "run.decision_refused" | "run.cancel_refused" | "run.nudge_refused",
	no: Refusal,
): Promise<{ readonly ok: false; readonly refusal: Refusal }> {
	const now = deps.now();
	await deps.db.transaction(async (tx) => {
		const held = await holdChain(tx, run.environmentId);
		const entry = entryOf(run, action, actorOf(caller), now, { code: no.code, message: no.message });
		await writeTrail({ tx, auditKey: deps.auditKey, held, now }, [entry]);
	});
	return { ok: false, refusal: no };
}
