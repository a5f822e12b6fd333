import type { Figures } from "../../core/delivery-report.ts";
import { reachOf } from "../../use-cases/identify.ts";
import { readReport } from "../../use-cases/read-report.ts";
import { sightWithin } from "../../use-cases/sight.ts";
import { DeliveryAnswer } from "./answers.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { ReportQuery } from "./schemas.ts";

export const reportEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "GET",
		path: "/reports/delivery",
		summary: "How often and how well is released: deployments, lead time, failures, recovery, waits",
		query: ReportQuery,
		answers: { 200: DeliveryAnswer },
		handle: async ({ deps, token, query: { project = null, environment = null, since = null, until = null, by } }) => {
			const sight = await sightWithin(deps.db, reachOf(token));
			const report = await readReport(deps, { project, environment, since, until, by, sight });
			return {
				status: 200,
				body: {
					since: report.since.toISOString(),
					until: report.until.toISOString(),
					cut: report.isCut,
					by,
					groups: report.groups.map(({ key, ...figures }) => ({ key, ...figuresJson(figures) })),
					total: figuresJson(report.total),
				},
			};
		},
	}),
];

function figuresJson(figures: Figures) {
	const { deployments, changes, failedChanges, rollbacks, leadTime, recoveryTime, approvalWait, queueWait } = figures;
	const counted = (runs: readonly number[]) => ({ count: runs.length, runs });
	return {
		deployments: counted(deployments),
		changes: counted(changes),
		failedChanges: counted(failedChanges),
		/** Of the changes, from 0 to 1. */
		changeFailureRate: changes.length === 0 ? null : failedChanges.length / changes.length,
		rollbacks: counted(rollbacks),
		leadTime,
		recoveryTime,
		approvalWait,
		queueWait,
	};
}
