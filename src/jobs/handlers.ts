import type { FreezeScope } from "../core/freeze.ts";
import type { Deps } from "../deps.ts";
import type { WebhookContent } from "../ports/pipeline.ts";
import { cleanUp } from "../store/clean-up.ts";
import { enqueue, hurryTrigger, type Job } from "../store/jobs.ts";
import { awaitsExternalId } from "../store/runs.ts";
import { dispatchNext } from "../use-cases/dispatch-next.ts";
import { fetchLog } from "../use-cases/fetch-log.ts";
import { followNudge } from "../use-cases/follow-nudge.ts";
import { lookForLeftOver, meetDeadline, pollRun, stopRun } from "../use-cases/follow-run.ts";
import { expireFreeze } from "../use-cases/freeze-releases.ts";
import { expireLock } from "../use-cases/lock-environment.ts";
import { recordReport } from "../use-cases/record-report.ts";
import { refreshEvidence } from "../use-cases/refresh-evidence.ts";
import { triggerRun } from "../use-cases/trigger-run.ts";
import type { WebhookJob } from "../use-cases/webhook-job.ts";
import { type Apologise, giveUp } from "./give-up.ts";
import { sendCard, sendNotice, sendTell, sendThread } from "./send-messages.ts";
import { sendProgress } from "./send-progress.ts";
import type { Handled, Handlers } from "./worker.ts";

export interface HandlerContext {
	/** Feeds a stored request of Slack to the adapter. */
	readonly slackIn: (body: unknown) => Promise<void>;
	/** The same for Teams; an answer that was put off is told. */
	readonly teamsIn: (body: unknown) => Promise<void>;
	readonly apologise: Apologise;
	/** Writes a signed checkpoint of the audit trail outside of the database. */
	readonly writeCheckpoint: () => Promise<void>;
}

const CLEAN_EVERY = 3_600_000;
const CLEAN_SOON = 1_000;
/** What was cut off after the last checkpoint may not be missed: for so long alone. It costs a read of the heads. */
const CHECKPOINT_EVERY = 10_000;
/** How long a webhook of a run that nobody knows may wait for one to be known, and how often it is looked. */
const WEBHOOK_WAITS = 2 * 60_000;
const WEBHOOK_AGAIN = 2_000;

export function makeHandlers(deps: Deps, context: HandlerContext): Handlers {
	const teamsIn = async (job: Job) => {
		await context.teamsIn(job.payload);
		return "done" as const;
	};
	const ofRun = (work: (deps: Deps, runId: string) => Promise<Handled>) => async (job: Job) =>
		job.runId === null ? "done" : work(deps, job.runId);
	return {
		handle: {
			slack_in: async (job) => {
				await context.slackIn(job.payload);
				return "done";
			},
			teams_in: teamsIn,
			teams_answer: teamsIn,
			webhook: (job) => takeWebhook(deps, job),
			dispatch: async (job) => dispatchNext(deps, (job.payload as { environmentId: string }).environmentId),
			trigger: ofRun(triggerRun),
			cancel: async ({ runId, payload }) => {
				const { externalId, lookFor } = payload as { externalId?: string; lookFor?: boolean };
				if (runId === null) return "done";
				return lookFor === true ? lookForLeftOver(deps, runId) : stopRun(deps, runId, externalId ?? null);
			},
			poll: ofRun(pollRun),
			deadline: ofRun(meetDeadline),
			lock_expiry: async (job) => expireLock(deps, (job.payload as { environmentId: string }).environmentId),
			freeze_expiry: async (job) => expireFreeze(deps, job.payload as FreezeScope),
			card: (job) => sendCard(deps, job),
			thread: (job) => sendThread(deps, job),
			fetch_log: ofRun(fetchLog),
			evidence: async (job) => refreshEvidence(deps, (job.payload as { environmentId: string }).environmentId),
			progress: (job) => sendProgress(deps, job),
			tell: (job) => sendTell(deps, job),
			notice: (job) => sendNotice(deps, job),
			checkpoint: async () => {
				await context.writeCheckpoint();
				return { again: new Date(deps.now().getTime() + CHECKPOINT_EVERY) };
			},
			clean_up: async () => {
				const more = await cleanUp(deps.db, deps.now());
				return { again: new Date(deps.now().getTime() + (more ? CLEAN_SOON : CLEAN_EVERY)) };
			},
		},
		gaveUp: (job, error) => giveUp(deps, context.apologise, job, error),
	};
}

/** Work that comes round again by itself; each exists once, however many replicas start. */
export async function ensureRecurring(deps: Deps): Promise<void> {
	const now = deps.now();
	await enqueue(deps.db, { kind: "clean_up", dedupeKey: "recurring:clean_up" }, now);
	await enqueue(deps.db, { kind: "checkpoint", dedupeKey: "recurring:checkpoint" }, now);
}

async function takeWebhook(deps: Deps, job: Job): Promise<Handled> {
	const { integrationId, content } = job.payload as WebhookJob;
	const now = deps.now().getTime();
	const isFirst = now - job.createdAt.getTime() < WEBHOOK_AGAIN;
	const isOfKnownRun =
		content.kind === "nudge"
			? await followNudge(deps, integrationId, content)
			: await heard(deps, integrationId, content, isFirst);
	deps.log.debug({ integrationId, content, isOfKnownRun }, "webhook read");
	if (isOfKnownRun) return "done";
	// It may have overtaken the answer that tells its id.
	const early =
		now - job.createdAt.getTime() < WEBHOOK_WAITS &&
		(await awaitsExternalId(deps.db, integrationId, content.repository));
	return early ? { again: new Date(now + WEBHOOK_AGAIN) } : "done";
}

async function heard(
	deps: Deps,
	integrationId: string,
	content: Extract<WebhookContent, { kind: "report" }>,
	isFirst: boolean,
): Promise<boolean> {
	const recorded = await recordReport(deps, integrationId, content.report, content);
	// Now there is something to be found.
	if (recorded === "unnamed" && isFirst && content.report.jobId !== null)
		await hurryTrigger(deps.db, content.report.jobId, deps.now());
	return recorded !== "unknown_run" && recorded !== "unnamed";
}
