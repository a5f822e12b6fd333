import type { Run } from "../../core/run.ts";
import type { Deps } from "../../deps.ts";
import { storyOf } from "../../store/audit-pages.ts";
import { personLock } from "../../store/locks.ts";
import { heldBy } from "../../words/refusal-words.ts";
import { plain } from "../../words/rich.ts";
import { storyLine } from "../../words/story-line.ts";
import { refusalReply } from "../problem.ts";
import { StoryAnswer } from "./answers.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { findSeenRun } from "./find-run.ts";
import { oneRunJson } from "./run-json.ts";
import { StoryQuery } from "./schemas.ts";

const PAGE = 200;

export const storyEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "GET",
		path: "/runs/:id/story",
		summary: "What happened to a run, in sentences, and how it stands",
		query: StoryQuery,
		answers: { 200: StoryAnswer },
		handle: async (call) => {
			const { deps, query } = call;
			// The run first: all that led to the state shown is then in the sentences.
			const found = await findSeenRun(call);
			if (!found.ok) return refusalReply(found.refusal);
			const run = found.value;
			const entries = await storyOf(deps.db, run.id, query.after, PAGE);
			const items = entries.flatMap(({ seq, entry }) => {
				const line = storyLine(entry);
				return line === null ? [] : [{ seq, at: new Date(entry.atMs).toISOString(), text: plain(line) }];
			});
			const next = entries.length === PAGE ? String(entries.at(-1)?.seq) : null;
			return {
				status: 200,
				body: { items, next, run: await oneRunJson(deps, run), lockedBy: await lockedBy(deps, run) },
			};
		},
	}),
];

/** Who keeps a queued run from going on by a lock of theirs, in words. */
async function lockedBy(deps: Deps, run: Run): Promise<string | null> {
	if (run.progress.state !== "queued") return null;
	const lock = await personLock(deps.db, run.environmentId, deps.now());
	return lock === null || lock.person.id === run.requestedBy.id ? null : heldBy(lock);
}
