import { externalOf, isEnd, type Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Card, ChatPort, Platform, Posted } from "../ports/chat.ts";
import type { PipelineStatus, PipelineStep } from "../ports/pipeline.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { hasOpenInOrder, type Job } from "../store/jobs.ts";
import { shownCard } from "../store/run-cards.ts";
import { EDIT_EVERY_MS, putShownProgress, type ShownProgress, shownProgress } from "../store/run-progress.ts";
import { runById } from "../store/runs.ts";
import { placeById } from "../use-cases/catalog.ts";
import { type CardJob, orderKey } from "../use-cases/chat-jobs.ts";
import { nextLook } from "../use-cases/next-look.ts";
import { progressCard } from "../words/progress-card.ts";
import type { Handled } from "./worker.ts";

/** Milliseconds after a run's end in which a provider still says how its last steps ended. */
const SETTLES_FOR_MS = 60_000;
const OVER: readonly (PipelineStatus | null)[] = ["succeeded", "failed", "cancelled", "timed_out"];

/** Shows how the jobs and steps of a run stand, in one message of its thread, edited; comes round until the run is over. */
export async function sendProgress(deps: Deps, job: Job): Promise<Handled> {
	const { platform } = job.payload as CardJob;
	const chat = deps.chats[platform];
	const run = job.runId === null ? null : await runById(deps.db, job.runId);
	if (chat === undefined || run === null) return "done";
	const now = deps.now().getTime();
	const before = await shownProgress(deps.db, run.id, platform);
	const soonest = before === null ? now : before.editedAt.getTime() + EDIT_EVERY_MS;
	if (soonest > now) return { again: new Date(soonest) };
	// What happened before is told before it in the thread, also when the platform asks us to wait with that.
	const tooEarly = before === null && (await hasOpenInOrder(deps.db, orderKey(run.id, platform)));
	if (tooEarly && !isEnd(run.progress.state)) return { again: new Date(now + EDIT_EVERY_MS) };
	const steps = await readSteps(deps, run);
	if (steps.length > 0 && !tooEarly) await show(deps, job, { chat, platform, run, before }, progressCard(run, steps));
	if (!isEnd(run.progress.state)) return { again: await nextLook(deps, run) };
	const settled = steps.every(({ status }) => OVER.includes(status));
	return settled || now - endOf(run) > SETTLES_FOR_MS ? "done" : { again: new Date(now + 2 * EDIT_EVERY_MS) };
}

function endOf(run: Run): number {
	return "finishedAt" in run.progress ? run.progress.finishedAt.getTime() : 0;
}

/** What cannot be read now is read when this comes round again: it is worth no alarm. */
async function readSteps(deps: Deps, run: Run): Promise<readonly PipelineStep[]> {
	const external = externalOf(run);
	if (external === null) return [];
	const place = await placeById(deps.db.manager, run.environmentId);
	try {
		return await deps.pipelineOf(place.integration).steps(place.pipeline, external.externalId);
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		deps.log.debug({ run: run.number, err: error }, "the steps of a run could not be read");
		return [];
	}
}

interface Where {
	readonly chat: ChatPort;
	readonly platform: Platform;
	readonly run: Run;
	readonly before: ShownProgress | null;
}

async function show(deps: Deps, job: Job, { chat, platform, run, before }: Where, card: Card): Promise<void> {
	const shown = JSON.stringify(card.blocks);
	if (before?.shown === shown) return;
	const root = await shownCard(deps.db, run.id, platform);
	// Without a root there is no thread (yet) to tell it in.
	if (root === null) return;
	const keep = (posted: Posted) =>
		putShownProgress(deps.db, run.id, platform, { ...posted, shown, editedAt: deps.now() }, job);
	if (before !== null && (await chat.update(before, card)) === "updated") return keep(before);
	const to = { channel: root.channel, thread: root.messageId };
	// One that cannot be edited any more gets a replacement, under a name of its own.
	const clientId = before === null ? `progress:${run.id}` : `progress:${run.id}:${before.messageId}`;
	const earlier = job.attempts === 1 ? null : await chat.find(to, clientId, job.createdAt);
	if (earlier !== null && earlier !== "cannot_look") {
		await chat.update(earlier, card);
		return keep(earlier);
	}
	return keep(await chat.post(to, card, clientId));
}
