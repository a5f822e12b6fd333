import { type DeliveryReport, deliveryReport, type Grouping } from "../core/delivery-report.ts";
import type { Deps } from "../deps.ts";
import { endedRuns } from "../store/ended-runs.ts";
import type { Sight } from "./sight.ts";

export interface ReportAsked {
	readonly project: string | null;
	readonly environment: string | null;
	/** null: twelve weeks before `until`. */
	readonly since: Date | null;
	/** null: now. */
	readonly until: Date | null;
	readonly by: Grouping;
	readonly sight: Sight;
}

export interface ReportRead extends DeliveryReport {
	readonly since: Date;
	readonly until: Date;
}

const TWELVE_WEEKS = 12 * 7 * 86_400_000;

/** The report on a span of time. What ended after it is read too: it says whether a change was rolled back, and when a failure was over. */
export async function readReport(deps: Deps, asked: ReportAsked): Promise<ReportRead> {
	// What ends at this very moment counts too.
	const until = asked.until ?? new Date(deps.now().getTime() + 1);
	const since = asked.since ?? new Date(until.getTime() - TWELVE_WEEKS);
	const { project, environment, by, sight } = asked;
	const runs = await endedRuns(deps.db, { since, project, environment, sight });
	return { since, until, ...deliveryReport(runs, { since, until, by }) };
}
