import type { Platform, Posted } from "../ports/chat.ts";
import type { Job } from "./jobs.ts";
import type { Sql } from "./runs.ts";

/** The root message of a run on a platform, and the text that it shows. */
export interface ShownCard extends Posted {
	readonly shown: string;
}

export async function shownCard(sql: Sql, runId: string, platform: Platform): Promise<ShownCard | null> {
	const rows: { channel: string; message_id: string; shown: string }[] = await sql.query(
		"SELECT channel, message_id, shown FROM run_card WHERE run_id = $1 AND platform = $2",
		[runId, platform],
	);
	const row = rows[0];
	return row === undefined ? null : { channel: row.channel, messageId: row.message_id, shown: row.shown };
}

/** False: the lease of the job was lost to another worker, and nothing was written. */
export async function putShownCard(
	sql: Sql,
	runId: string,
	platform: Platform,
	card: ShownCard,
	job: Pick<Job, "id" | "leaseToken">,
): Promise<boolean> {
	const rows: unknown[] = await sql.query(
		`INSERT INTO run_card (run_id, platform, channel, message_id, shown)
		 SELECT $1, $2, $3, $4, $5 WHERE EXISTS (SELECT FROM job WHERE id = $6 AND lease_token = $7 AND done_at IS NULL)
		 ON CONFLICT (run_id, platform) DO UPDATE SET channel = $3, message_id = $4, shown = $5 RETURNING run_id`,
		[runId, platform, card.channel, card.messageId, card.shown, job.id, job.leaseToken],
	);
	return rows.length === 1;
}

/** The run whose card a thread hangs from. */
export async function runOfMessage(sql: Sql, platform: Platform, posted: Posted): Promise<string | null> {
	const rows: { run_id: string }[] = await sql.query(
		"SELECT run_id FROM run_card WHERE platform = $1 AND channel = $2 AND message_id = $3",
		[platform, posted.channel, posted.messageId],
	);
	return rows[0]?.run_id ?? null;
}
