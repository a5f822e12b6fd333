import type { EndedRun } from "../core/delivery-report.ts";
import type { Sql } from "./runs.ts";

export interface EndedFilter {
	readonly since: Date;
	readonly project: string | null;
	readonly environment: string | null;
	/** Only of these environments, by id; null: of all. */
	readonly sight: ReadonlySet<string> | null;
}

const COLUMNS = `r.number, r.project, r.environment, r.type, r.sha, r.state, r.retry_of AS "retryOf", r.rollback ->> 'fromSha' AS "fromSha",
	r.created_at AS "createdAt", r.started_at AS "startedAt", r.finished_at AS "finishedAt",
	CASE WHEN r.approvals_required > 0 THEN
		(SELECT CASE WHEN count(*) >= r.approvals_required THEN max(a.at) END FROM approval a WHERE a.run_id = r.id AND a.decision = 'approved')
	END AS "approvedAt"`;
/** As many as are held in memory at once; of more the newest are read, and it is said from when on they are all there. */
const MOST_RUNS = 300_000;
const DAY = 86_400_000;

export interface EndedRuns {
	readonly runs: readonly EndedRun[];
	/** The first day, in UTC, of which every run is there; null: of the whole span. */
	readonly wholeFrom: Date | null;
}

/** What ended since then, dry-runs left out, oldest first, with the runs that those were retries of. */
export async function endedRuns(
	sql: Sql,
	{ since, project, environment, sight }: EndedFilter,
	most = MOST_RUNS,
): Promise<EndedRuns> {
	const newest: EndedRun[] = await sql.query(
		`SELECT ${COLUMNS} FROM run r WHERE r.finished_at >= $1 AND r.finished_at IS NOT NULL AND r.type <> 'dry-run'
		 AND ($2::text IS NULL OR r.project = $2) AND ($3::text IS NULL OR r.environment = $3)
		 AND ($5::uuid[] IS NULL OR r.environment_id = ANY($5)) ORDER BY r.finished_at DESC LIMIT $4`,
		[since, project, environment, most + 1, sight === null ? null : [...sight]],
	);
	const found = newest.slice(0, most).reverse();
	const oldest = newest.length > most ? found[0] : undefined;
	const wholeFrom = oldest === undefined ? null : new Date((Math.floor(+oldest.finishedAt / DAY) + 1) * DAY);
	const known = new Set(found.map(({ number }) => number));
	for (let latest = found; ; ) {
		const wanted = latest.flatMap(({ retryOf }) => (retryOf === null || known.has(retryOf) ? [] : [retryOf]));
		if (wanted.length === 0) return { runs: found, wholeFrom };
		latest = await sql.query(`SELECT ${COLUMNS} FROM run r WHERE r.number = ANY($1) AND r.finished_at IS NOT NULL`, [
			wanted,
		]);
		for (const number of wanted) known.add(number);
		for (const run of latest) found.push(run);
	}
}
