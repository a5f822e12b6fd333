import type { Deps } from "../deps.ts";
import type { PipelineReport } from "../ports/pipeline.ts";
import { VendorError } from "../ports/vendor-error.ts";
import type { Place } from "./catalog.ts";

/**
 * A webhook says that a pipeline did not succeed and seldom why: a failed step, or a newer run that took its place. The provider is
 * asked once; without an answer the end stands without its reason.
 */
export async function withReason(deps: Deps, place: Place, report: PipelineReport): Promise<PipelineReport> {
	const ended = report.status === "failed" || report.status === "cancelled" || report.status === "timed_out";
	if (!ended || report.reason !== null) return report;
	try {
		const told = await deps.pipelineOf(place.integration).report(place.pipeline, report.externalId);
		const same = told?.attempt === report.attempt && told.status === report.status;
		return same ? { ...report, reason: told.reason } : report;
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return report;
	}
}
