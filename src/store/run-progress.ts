import type { Platform, Posted } from "../ports/chat.ts";
import type { Job } from "./jobs.ts";
import type { Sql } from "./runs.ts";

/** Milliseconds between two edits of one message: platforms let nobody edit more often for long. */
export const EDIT_EVERY_MS = 3_000;

/** The message that shows a run's jobs and steps on a platform. */
export interface ShownProgress extends Posted {
	readonly shown: string;
	readonly editedAt: Date;
}

export async function shownProgress(sql: Sql, runId: string, platform: Platform): Promise<ShownProgress | null> {
	const rows: { channel: string; message_id: string; shown: string; edited_at: Date }[] = await sql.query(
		"SELECT channel, message_id, shown, edited_at FROM run_progress WHERE run_id = $1 AND platform = $2",
		[runId, platform],
	);
	const row = rows[0];
	return row === undefined
		? null
		: { channel: row.channel, messageId: row.message_id, shown: row.shown, editedAt: row.edited_at };
}

/** What is shown of a run's jobs and steps, on the platform that heard of it last; null: nothing is. */
export async function lastShownProgress(sql: Sql, runId: string): Promise<string | null> {
	const rows: { shown: string }[] = await sql.query(
		"SELECT shown FROM run_progress WHERE run_id = $1 ORDER BY edited_at DESC LIMIT 1",
		[runId],
	);
	return rows[0]?.shown ?? null;
}

/** Nothing is written when the lease of the job was lost to another worker. */
export async function putShownProgress(
	sql: Sql,
	runId: string,
	platform: Platform,
	{ channel, messageId, shown, editedAt }: ShownProgress,
	job: Pick<Job, "id" | "leaseToken">,
): Promise<void> {
	await sql.query(
		`INSERT INTO run_progress (run_id, platform, channel, message_id, shown, edited_at)
		 SELECT $1, $2, $3, $4, $5, $6 WHERE EXISTS (SELECT FROM job WHERE id = $7 AND lease_token = $8 AND done_at IS NULL)
		 ON CONFLICT (run_id, platform) DO UPDATE SET channel = $3, message_id = $4, shown = $5, edited_at = $6`,
		[runId, platform, channel, messageId, shown, editedAt, job.id, job.leaseToken],
	);
}

/** News came: the look that waits is taken now, or as soon as the message may be edited again. One at work already stays as it is. */
export async function hurryProgress(sql: Sql, runId: string, now: Date): Promise<void> {
	await sql.query(
		`UPDATE job SET run_at = least(run_at, greatest($2, (SELECT edited_at + make_interval(secs => $3)
			FROM run_progress p WHERE p.run_id = job.run_id AND p.platform = job.payload ->> 'platform')))
		 WHERE run_id = $1 AND kind = 'progress' AND attempts = 0 AND done_at IS NULL AND dead_at IS NULL`,
		[runId, now, EDIT_EVERY_MS / 1_000],
	);
}
