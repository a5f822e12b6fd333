import { type DeliveryReport, deliveryReport, type Grouping, weeksUntil } from "../core/delivery-report.ts";
import type { Deps } from "../deps.ts";
import { endedRuns } from "../store/ended-runs.ts";
import type { Sight } from "./sight.ts";

export interface ReportAsked {
	readonly project: string | null;
	readonly environment: string | null;
	/** null: the last twelve weeks, the one that runs at `until` among them. */
	readonly since: Date | null;
	/** null: now. */
	readonly until: Date | null;
	readonly by: Grouping;
	readonly sight: Sight;
}

export interface ReportRead extends DeliveryReport {
	/** Later than asked for when `isCut`. */
	readonly since: Date;
	readonly until: Date;
	/** More ended than is read at once: what ended before `since` is left out. */
	readonly isCut: boolean;
}

/** The report on a span of time. What ended after it is read too: it says whether a change was rolled back, and when a failure was over. */
export async function readReport(deps: Deps, asked: ReportAsked, most?: number): Promise<ReportRead> {
	// What ends at this very moment counts too.
	const until = asked.until ?? new Date(deps.now().getTime() + 1);
	const wanted = asked.since ?? weeksUntil(until, 12);
	const { project, environment, by, sight } = asked;
	const { runs, wholeFrom } = await endedRuns(deps.db, { since: wanted, project, environment, sight }, most);
	const since = wholeFrom ?? wanted;
	return { since, until, isCut: wholeFrom !== null, ...deliveryReport(runs, { since, until, by }) };
}
