import type { AuditAction, AuditEntry } from "../core/audit-entry.ts";
import type { Run } from "../core/run.ts";
import type { Platform } from "../ports/chat.ts";
import type { Channels } from "../store/entities.ts";
import type { JobDraft } from "../store/jobs.ts";
import { queuedRuns, type Sql } from "../store/runs.ts";
import { waitingRunsAt } from "../store/standing-runs.ts";

/** What the thread of a run tells; the rest is on the root card and on the trail. */
const TOLD: readonly AuditAction[] = [
	"run.requested",
	"run.approved",
	"run.nudged",
	"run.running",
	"run.cancelling",
	"run.succeeded",
	"run.failed",
	"run.rejected",
	"run.cancelled",
	"run.expired",
	"run.superseded",
	"run.timed_out",
	"run.late_report",
	"run.noted",
	"lock.taken",
];

export interface CardJob {
	readonly platform: Platform;
	readonly channel: string;
	/** Also when it was shown already: somebody may have put something older over it. */
	readonly anew?: boolean;
}

export interface ThreadJob extends CardJob {
	readonly entry: AuditEntry;
}

export interface NoticeJob extends CardJob {
	readonly text: string;
	/** The person who is told when it cannot be posted. */
	readonly by: string;
}

/** Tells what concerns an environment in each of its channels, one notice after the other. */
export function noticeJobs(
	environment: { readonly id: string; readonly channels: Channels },
	text: string,
	by: string,
): JobDraft[] {
	return Object.entries(environment.channels).map(([platform, channel]) => ({
		kind: "notice",
		orderKey: `${platform}:${environment.id}`,
		payload: { platform: platform as Platform, channel, text, by } satisfies NoticeJob,
	}));
}

/** Tells what concerns many environments at once: one post for each channel, about those whose channel it is. */
export function channelNotices<P extends { readonly channels: Channels }>(
	places: readonly P[],
	textOf: (places: readonly P[]) => string,
	by: string,
): JobDraft[] {
	const told = new Map<string, { readonly platform: Platform; readonly channel: string; readonly places: P[] }>();
	for (const place of places)
		for (const [name, channel] of Object.entries(place.channels)) {
			const platform = name as Platform;
			const one = told.get(`${platform}:${channel}`) ?? { platform, channel, places: [] as P[] };
			told.set(`${platform}:${channel}`, one);
			one.places.push(place);
		}
	return [...told].map(([key, { platform, channel, places: some }]) => ({
		kind: "notice",
		orderKey: `channel:${key}`,
		payload: { platform, channel, text: textOf(some), by } satisfies NoticeJob,
	}));
}

/** Messages of one run on one platform go out one after the other: the root card first. */
export function orderKey(runId: string, platform: Platform): string {
	return `${platform}:${runId}`;
}

/** As many as people look at; the others' cards are right again when they come up. */
const CARDS_OF_QUEUE = 20;

/** Of those who wait for approval, when much is frozen at once. */
const CARDS_OF_FREEZE = 100;

/** Those who wait say on their cards what they wait for: shown anew, because that has changed. */
export async function queueCards(
	sql: Sql,
	environment: { readonly id: string; readonly channels: Channels },
	except: string | null = null,
): Promise<JobDraft[]> {
	if (Object.keys(environment.channels).length === 0) return [];
	const waiting = await queuedRuns(sql, environment.id);
	return waiting
		.filter((run) => run.id !== except)
		.slice(0, CARDS_OF_QUEUE)
		.flatMap((run) => chatJobs(run, environment.channels, []));
}

/** Those who wait for approval say on their cards that a freeze stops them: shown anew when one begins or ends, the newest first. */
export async function frozenCards(
	sql: Sql,
	places: readonly { readonly id: string; readonly channels: Channels }[],
): Promise<JobDraft[]> {
	const waiting = await waitingRunsAt(
		sql,
		places.map(({ id }) => id),
	);
	return places
		.flatMap(({ id, channels }) => (waiting.get(id) ?? []).map((run) => ({ run, channels })))
		.filter(({ run }) => run.progress.state === "waiting_approval")
		.sort((a, b) => b.run.number - a.run.number)
		.slice(0, CARDS_OF_FREEZE)
		.flatMap(({ run, channels }) => chatJobs(run, channels, []));
}

/** The messages that follow from what was just written to the trail. */
export function chatJobs(run: Run, channels: Channels, audit: readonly AuditEntry[]): JobDraft[] {
	const places = Object.entries(channels) as [Platform, string][];
	return places.flatMap(([platform, channel]) => {
		const common = { runId: run.id, orderKey: orderKey(run.id, platform) };
		const card: CardJob = { platform, channel };
		return [
			{ kind: "card", ...common, payload: card } satisfies JobDraft,
			...audit
				.filter((entry) => TOLD.includes(entry.action))
				.map((entry) => ({ kind: "thread", ...common, payload: { ...card, entry } }) satisfies JobDraft),
		];
	});
}
