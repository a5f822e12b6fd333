import { claim, enqueue, finish } from "../../src/store/jobs.ts";
import { governedRequest } from "./governed-request.ts";
import { drive, interleave, median, medianRatio } from "./measure.ts";
import { type Figure, perSecond } from "./report.ts";
import { CONCURRENCY, ENVIRONMENTS, openSetting, PERSON_ID, PROJECT_ID, query, type Setting } from "./setting.ts";

const PART = "growth";
const SMALL = 1_000;
const LARGE = 150_000;
const ROUNDS = 5;
const MS = 1_200;

/** The hot paths on a young database and on one with years of runs, audit entries and done jobs. */
export async function benchGrowth(server: string): Promise<Figure[]> {
	const small = await openSetting(server, "bench_small");
	const large = await openSetting(server, "bench_large");
	try {
		await grow(small, SMALL);
		await grow(large, LARGE);
		const sides = [small, large].flatMap((setting) => [
			async () => {
				await tidy(setting);
				return (await drive(CONCURRENCY, MS, () => governedRequest(setting))).perSecond;
			},
			async () => {
				await tidy(setting);
				return (await drive(4, MS / 2, () => oneJob(setting))).perSecond;
			},
		]);
		const [requests = [], claims = [], requestsLarge = [], claimsLarge = []] = await interleave(ROUNDS, sides);
		const figure = (what: string, young: number[], old: number[]): Figure => ({
			...{ part: PART, what, value: medianRatio(young, old), unit: "x" },
			goal: { at: "most", value: 1.3, floor: 1.6 },
			behind: `${perSecond(median(young))} with ${SMALL} runs, ${perSecond(median(old))} with ${LARGE}`,
		});
		return [
			figure("time of a governed request", requests, requestsLarge),
			figure("time to store, claim and finish a job", claims, claimsLarge),
		];
	} finally {
		await small.close();
		await large.close();
	}
}

async function oneJob({ deps }: Setting): Promise<void> {
	const now = new Date();
	await enqueue(deps.db, { kind: "dispatch" }, now);
	const [job] = await claim(deps.db, 1, 30_000, now);
	if (job !== undefined) await finish(deps.db, job, now);
}

/** Runs that are over, spread over the environments, each with an entry on the trail and three jobs that are done. */
async function grow({ url }: Setting, runs: number): Promise<void> {
	const environment = `('00000000-0000-4000-8000-' || lpad((1 + n % ${ENVIRONMENTS})::text, 12, '0'))`;
	const entry = `json_build_object('atMs', n, 'action', 'run.requested', 'actor', json_build_object('id', '${PERSON_ID}'), 'project', 'web', 'environment', 'e1', 'runId', md5(n::text)::uuid)`;
	for (const statement of [
		`INSERT INTO run (id, number, project_id, environment_id, project, environment, type, ref_name, ref_kind, sha, parameters, requested_by, requested_by_name,
		 fingerprint, approvals_required, verdict, delivery_key, created_at, version, state, started_at, finished_at, reason, external_id)
		 SELECT md5(n::text)::uuid, nextval('run_number'), '${PROJECT_ID}', ${environment}::uuid, 'web', 'e1', 'deploy', 'v1.4.2', 'tag', md5(n::text), '{}', '${PERSON_ID}', 'Ada',
		 md5(n::text), 1, '{"outcome":"allowed"}', 'old ' || n, now(), 5, 'succeeded', now(), now(), 'done', n::text FROM generate_series(1, ${runs}) AS n`,
		`INSERT INTO audit_entry (chain, seq, entry, previous, hash)
		 SELECT ${environment}, 1 + n / ${ENVIRONMENTS}, ${entry}, sha256('a'), sha256('b') FROM generate_series(0, ${runs - 1}) AS n`,
		"UPDATE chain_head AS h SET seq = coalesce((SELECT max(seq) FROM audit_entry AS a WHERE a.chain = h.chain), 0), hash = sha256('b')",
		`INSERT INTO job (kind, run_id, order_key, dedupe_key, done_at)
		 SELECT 'card', md5(n::text)::uuid, 'slack:' || n, 'done ' || n, now() FROM generate_series(1, ${3 * runs}) AS n`,
		"VACUUM ANALYZE",
		"CHECKPOINT",
	])
		await query(url, statement);
}

async function tidy({ url }: Setting): Promise<void> {
	await query(
		url,
		"UPDATE run SET state = 'superseded', deadline = NULL, finished_at = now() WHERE deadline IS NOT NULL",
	);
	await query(url, "UPDATE job SET done_at = now() WHERE done_at IS NULL AND dead_at IS NULL");
}
