import type { Deps } from "../deps.ts";
import type { Card, ChatPort, Platform, Posted } from "../ports/chat.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { IdentityTable } from "../store/entities.ts";
import { enqueue, type Job } from "../store/jobs.ts";
import { putShownCard, type ShownCard, shownCard } from "../store/run-cards.ts";
import { runById } from "../store/runs.ts";
import { callApprovers } from "../use-cases/call-approvers.ts";
import { type CardJob, type NoticeJob, orderKey, type ThreadJob } from "../use-cases/chat-jobs.ts";
import { currentCard } from "../use-cases/current-card.ts";
import type { TellJob } from "../use-cases/lock-environment.ts";
import { readersOf } from "../use-cases/readers-of.ts";
import { card, textCard } from "../words/rich.ts";
import { storyLine } from "../words/story-line.ts";
import type { Handled } from "./worker.ts";

/** Posts the root card, or edits it to what is true now. Several changes since the last edit are one edit. */
export async function sendCard(deps: Deps, job: Job): Promise<Handled> {
	const { platform, channel, anew } = job.payload as CardJob;
	const chat = deps.chats[platform];
	const run = job.runId === null ? null : await runById(deps.db, job.runId);
	if (chat === undefined || run === null) return "done";
	const wanted = { ...(await currentCard(deps, run)), readers: await readersOf(deps, run, platform) };
	const shown = JSON.stringify(wanted.blocks);
	const before = await shownCard(deps.db, run.id, platform);
	if (before?.shown === shown && anew !== true) return "done";
	if (before !== null && (await chat.update(before, wanted)) === "updated")
		return keep(deps, job, platform, run.id, { ...before, shown });
	// A card that cannot be edited any more gets a replacement, under a name of its own.
	const clientId = before === null ? `card:${run.id}` : `card:${run.id}:${job.id}`;
	const to = { channel, thread: null };
	const earlier = await earlierPost(chat, to, clientId, job);
	// It says what was true at the earlier try.
	if (earlier !== null) await chat.update(earlier, wanted);
	const posted = earlier ?? (await chat.post(to, wanted, clientId));
	return keep(deps, job, platform, run.id, { ...posted, shown });
}

/** A worker that was paused past its lease keeps nothing: what it put over the work of another is shown anew. */
async function keep(deps: Deps, job: Job, platform: Platform, runId: string, card: ShownCard): Promise<Handled> {
	if (!(await putShownCard(deps.db, runId, platform, card, job))) {
		const payload: CardJob = { platform, channel: card.channel, anew: true };
		await enqueue(deps.db, { kind: "card", runId, orderKey: orderKey(runId, platform), payload }, deps.now());
		deps.wake();
	}
	return "done";
}

/** Tells one entry of the trail in the run's thread. */
export async function sendThread(deps: Deps, job: Job): Promise<Handled> {
	const { platform, entry } = job.payload as ThreadJob;
	const chat = deps.chats[platform];
	const line = storyLine(entry);
	const run = job.runId === null ? null : await runById(deps.db, job.runId);
	const root = run === null ? null : await shownCard(deps.db, run.id, platform);
	// Without a root there is no thread to tell it in: its card was given up, and somebody was told why.
	if (chat === undefined || line === null || run === null || root === null) return "done";
	const calls = entry.action === "run.requested" || entry.action === "run.nudged";
	const called = calls ? await callApprovers(deps, run, platform) : [];
	const to = { channel: root.channel, thread: root.messageId };
	await postOnce(chat, to, textCard(...line, ...called), job);
	return "done";
}

/** Something that concerns an environment and no run, in its channel. */
export async function sendNotice(deps: Deps, job: Job): Promise<Handled> {
	const { platform, channel, text } = job.payload as NoticeJob;
	const chat = deps.chats[platform];
	if (chat !== undefined) await postOnce(chat, { channel, thread: null }, textCard(text), job);
	return "done";
}

/** A direct message to one person, at the first of the places where they are known that takes it. */
export async function sendTell(deps: Deps, job: Job): Promise<Handled> {
	const { personId, text } = job.payload as TellJob;
	const identities = await deps.db.getRepository(IdentityTable).findBy({ personId });
	let closed: VendorError | null = null;
	for (const identity of identities) {
		const chat = deps.chats[identity.platform as Platform];
		if (chat === undefined) continue;
		try {
			await chat.tell(identity.externalId, card({ kind: "text", text: [text] }), `tell:${job.id}`);
			return "done";
		} catch (error) {
			// An account that was closed; what passes is tried again at the same place, for it may have arrived there.
			if (!(error instanceof VendorError) || error.kind !== "not_found") throw error;
			closed = error;
		}
	}
	if (closed !== null) throw closed;
	return "done";
}

async function postOnce(chat: ChatPort, to: Parameters<ChatPort["post"]>[0], message: Card, job: Job): Promise<void> {
	const clientId = `${job.kind}:${job.id}`;
	if ((await earlierPost(chat, to, clientId, job)) === null) await chat.post(to, message, clientId);
}

/** A post whose answer was lost is looked for before it is sent again; where the platform does not let us look, one double is possible. */
async function earlierPost(
	chat: ChatPort,
	to: { channel: string; thread: string | null },
	clientId: string,
	job: Job,
): Promise<Posted | null> {
	if (job.attempts === 1) return null;
	const found = await chat.find(to, clientId, job.createdAt);
	return found === "cannot_look" ? null : found;
}
