import { randomBytes } from "node:crypto";
import type { Deps } from "../deps.ts";
import type { Platform } from "../ports/chat.ts";
import { VendorError } from "../ports/vendor-error.ts";
import type { Job, JobDraft } from "../store/jobs.ts";
import { runById } from "../store/runs.ts";
import type { CardJob, NoticeJob } from "../use-cases/chat-jobs.ts";
import type { TellJob } from "../use-cases/lock-environment.ts";
import { brokenSentence } from "../words/broken-words.ts";

/** Tells whoever made a stored request of a chat one sentence. */
export type Apologise = (kind: "slack_in" | "teams_in", request: unknown, sentence: string) => Promise<void>;

/** Work is given up in the log, and to somebody: to the one who asked for it, or for the run that it is of. */
export async function giveUp(deps: Deps, apologise: Apologise, job: Job, error: unknown): Promise<readonly JobDraft[]> {
	const id = randomBytes(4).toString("hex");
	deps.log.error({ id, job: job.id, kind: job.kind, runId: job.runId, err: error }, "a job was given up");
	// What a neighbour answered is a sentence for people; what a fault of ours says is not.
	const why = error instanceof VendorError ? error.message : brokenSentence(id);
	switch (job.kind) {
		case "slack_in":
		case "teams_in":
			await apologise(
				job.kind,
				job.payload,
				`I could not carry out what you asked for: ${why} Whether a part of it was done, "status" and "history" tell.`,
			);
			return [];
		case "card":
		case "thread":
			return unreachable(deps, job, why);
		case "notice": {
			const { channel, text, by } = job.payload as NoticeJob;
			return tell(by, `I could not tell this in the channel ${channel}: ${why} It was: ${text}`);
		}
		case "tell": {
			const { by, text } = job.payload as TellJob;
			return tell(by, `I could not tell this to the one whom it concerns: ${why} It was: ${text}`);
		}
		default:
			return [];
	}
}

async function unreachable(deps: Deps, job: Job, why: string): Promise<readonly JobDraft[]> {
	const run = job.runId === null ? null : await runById(deps.db, job.runId);
	if (run === null) return [];
	const { channel, platform } = job.payload as CardJob & { platform: Platform };
	const payload: TellJob = {
		personId: run.requestedBy.id,
		text: `I could not show #${run.number} (${run.project} to ${run.environment}) in the channel ${channel}: ${why} The run itself goes on; "show #${run.number}" tells how it stands.`,
	};
	// One word a run and platform is enough, however many of its messages are given up.
	return [{ kind: "tell", runId: run.id, dedupeKey: `unreachable:${platform}:${run.id}`, payload }];
}

/** Whom that does not reach either, nobody is told for: there is an end to it. */
function tell(personId: string | undefined, text: string): readonly JobDraft[] {
	return personId === undefined ? [] : [{ kind: "tell", payload: { personId, text } satisfies TellJob }];
}
