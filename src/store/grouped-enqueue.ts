import type { JobKind } from "./jobs.ts";
import type { Sql } from "./runs.ts";

export interface KnownJob {
	readonly kind: JobKind;
	/** A second job with the same key is dropped. */
	readonly dedupeKey: string;
	/** It is dropped as well when one of these is there: it means the same as this one. */
	readonly sameAs?: readonly string[];
	readonly payload: unknown;
}

interface Waiting {
	readonly job: KnownJob;
	/** The row as JSON. */
	readonly row: string;
	readonly resolve: (fresh: boolean) => void;
	readonly reject: (error: unknown) => void;
}

/** Key by key, so that the index answers: with `= ANY (t.same_as)` a crowd of commands took more than three times as long (bench, `ack`). */
const INSERT = `INSERT INTO job (kind, dedupe_key, payload, run_at, created_at)
	SELECT t.kind, t.dedupe_key, t.payload, $2, $2
	FROM jsonb_to_recordset($1::jsonb) AS t(kind text, dedupe_key text, same_as text[], payload jsonb)
	WHERE NOT EXISTS (SELECT FROM unnest(t.same_as) AS same (key) JOIN job AS j ON j.dedupe_key = same.key)
	ON CONFLICT (dedupe_key) DO NOTHING RETURNING dedupe_key`;

const MAX_JOBS = 64;
const MAX_LETTERS = 1_000_000;

/**
 * Like `enqueue`, for many callers at once: what comes while an insert is under way goes into the next one, so a crowd shares one trip
 * and one flush to disk. Each promise settles only when its own job is durable; one bad job does not fail the others.
 */
export function groupedEnqueue(sql: Sql, now: () => Date): (job: KnownJob) => Promise<boolean> {
	const waiting: Waiting[] = [];
	let busy = false;

	async function work(): Promise<void> {
		for (let group = take(waiting); group.length > 0; group = take(waiting)) await insert(group);
		busy = false;
	}

	async function insert(group: readonly Waiting[]): Promise<void> {
		try {
			const rows: { dedupe_key: string }[] = await sql.query(INSERT, [
				`[${group.map((one) => one.row).join()}]`,
				now(),
			]);
			const fresh = new Set(rows.map((row) => row.dedupe_key));
			// Of two with the same key the first one is the new one.
			for (const { job, resolve } of group) resolve(fresh.delete(job.dedupeKey));
		} catch {
			await Promise.all(group.map((one) => alone(one).then(one.resolve, one.reject)));
		}
	}

	async function alone({ row }: Waiting): Promise<boolean> {
		const rows: unknown[] = await sql.query(INSERT, [`[${row}]`, now()]);
		return rows.length === 1;
	}

	return (job) =>
		new Promise((resolve, reject) => {
			const row = JSON.stringify({
				kind: job.kind,
				dedupe_key: job.dedupeKey,
				same_as: job.sameAs,
				payload: job.payload,
			});
			waiting.push({ job, row, resolve, reject });
			if (busy) return;
			busy = true;
			// Those who come in the same moment go along.
			setImmediate(() => void work());
		});
}

/** The next ones, as many as one statement should carry. */
function take(waiting: Waiting[]): Waiting[] {
	let letters = 0;
	let count = 0;
	for (const { row } of waiting.slice(0, MAX_JOBS)) {
		letters += row.length;
		if (count > 0 && letters > MAX_LETTERS) break;
		count += 1;
	}
	return waiting.splice(0, count);
}
