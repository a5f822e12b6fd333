import { done, type Outcome, refusal, refused } from "../core/refusal.ts";
import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { VendorError } from "../ports/vendor-error.ts";
import type { Place } from "./catalog.ts";

/** A sentence when the ref of a run no longer names its commit; null: it still does. Refused when the provider cannot be asked. */
export async function hasMoved(deps: Deps, place: Place, run: Run): Promise<Outcome<string | null>> {
	// A SHA names itself, and a rollback to a run means that run's commit wherever its branch is by now.
	if (run.ref.kind === "sha" || (run.rollback !== null && run.rollback.toRun !== null)) return done(null);
	try {
		const now = await deps.pipelineOf(place.integration).resolveRef(place.pipeline, run.ref.name);
		if (now?.sha === run.ref.sha) return done(null);
		const was = run.ref.sha.slice(0, 8);
		return done(
			now === null
				? `The ${run.ref.kind} ${run.ref.name} is gone; it was ${was} when it was asked for.`
				: `The ${run.ref.kind} ${run.ref.name} moved from ${was} to ${now.sha.slice(0, 8)} since it was asked for.`,
		);
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return refused(
			refusal(
				`provider_${error.kind}`,
				`Whether ${run.ref.name} still is ${run.ref.sha.slice(0, 8)} could not be checked: ${error.message}`,
				"Nothing was changed. Try again in a minute.",
			),
		);
	}
}
