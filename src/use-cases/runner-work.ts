import type { Deps } from "../deps.ts";
import type { PipelineStatus } from "../ports/pipeline.ts";
import type { Beat, Beaten, Claim, Finish, Lines, Work } from "../ports/runner-protocol.ts";
import { type ApiTokenRow, type IntegrationRow, IntegrationTable } from "../store/entities.ts";
import * as queue from "../store/runner-queue.ts";
import { addLogWithin } from "./add-log.ts";
import { recordReport } from "./record-report.ts";

/** A runner begins to ask for work. */
export async function meetRunner(deps: Deps, token: ApiTokenRow, claim: Claim): Promise<void> {
	await queue.rememberRunner(deps.db, token.id, claim);
}

/** A look whether there is work for it. What it gets is at work from this moment on. */
export async function claimWork(deps: Deps, token: ApiTokenRow, claim: Claim): Promise<Work | null> {
	const work = await queue.claimWork(deps.db, token, claim);
	if (work !== null) await report(deps, work.jobId, "running", null);
	return work;
}

export async function beat(
	deps: Deps,
	token: ApiTokenRow,
	jobId: string,
	{ lease }: Beat,
): Promise<Beaten | "lease_lost"> {
	if (!(await mayTouch(deps, token, jobId))) return "lease_lost";
	return (await queue.renewLease(deps.db, jobId, { lease, tokenId: token.id })) ?? "lease_lost";
}

/** Log lines also show that the runner is alive. */
export async function addLog(
	deps: Deps,
	token: ApiTokenRow,
	jobId: string,
	lines: Lines,
): Promise<"ok" | "lease_lost"> {
	if (!(await mayTouch(deps, token, jobId))) return "lease_lost";
	if ((await queue.renewLease(deps.db, jobId, { lease: lines.lease, tokenId: token.id })) === null) return "lease_lost";
	const integration = await integrationOf(deps, jobId);
	if (integration === null) return "lease_lost";
	await deps.db.transaction((tx) => addLogWithin(deps, tx, { id: jobId, integration }, lines.from, lines.lines));
	return "ok";
}

export async function finishWork(
	deps: Deps,
	token: ApiTokenRow,
	jobId: string,
	finish: Finish,
): Promise<"ok" | "lease_lost"> {
	if (!(await mayTouch(deps, token, jobId))) return "lease_lost";
	if (!(await queue.finishWork(deps.db, jobId, { lease: finish.lease, tokenId: token.id }, finish)))
		return "lease_lost";
	// Were we to die here, the next poll reads the same from the table.
	await report(deps, jobId, finish.outcome, finish.reason);
	return "ok";
}

async function integrationOf(deps: Deps, jobId: string): Promise<IntegrationRow | null> {
	const id = await queue.integrationOfWork(deps.db, jobId);
	return id === null ? null : deps.db.getRepository(IntegrationTable).findOneBy({ id });
}

async function mayTouch(deps: Deps, token: ApiTokenRow, jobId: string): Promise<boolean> {
	const integrationId = await queue.integrationOfWork(deps.db, jobId);
	return integrationId !== null && (token.integrationId === null || token.integrationId === integrationId);
}

async function report(deps: Deps, jobId: string, status: PipelineStatus, reason: string | null): Promise<void> {
	const integrationId = await queue.integrationOfWork(deps.db, jobId);
	if (integrationId === null) return;
	await recordReport(deps, integrationId, { externalId: jobId, attempt: 1, externalUrl: null, status, reason, jobId });
}
