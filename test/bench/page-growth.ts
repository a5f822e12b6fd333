import { insertSession } from "../../src/store/web-sessions.ts";
import { openWeb } from "../support/web-of.ts";
import { drive, interleave, median, medianRatio, percentile } from "./measure.ts";
import { type Figure, milliseconds } from "./report.ts";
import { ENVIRONMENTS, openSetting, PERSON_ID, PROJECT_ID, query, type Setting } from "./setting.ts";

const SMALL = 1_000;
const LARGE = 100_000;
const ENTRIES_A_RUN = 10;
/** Between two runs: the twelve weeks of a report hold as many on both sides, and what grows is what lies before. */
const APART_SECONDS = Math.floor((12 * 7 * 86_400) / SMALL);
const ROUNDS = 4;
const MS = 400;

const PATHS = [
	...[
		"/",
		"/runs",
		"/runs?state=failed",
		"/runs?environment=e7",
		`/runs/${SMALL / 2}`,
		"/audit",
		"/audit?environment=e7",
	],
	...["/audit?action=run.late_report", "/audit?action=token.revoked", "/reports", "/reports?environment=e7"],
	...["/audit?q=late_report", "/projects/web", "/account", "/reports/runs?metric=deployments", "/reports.csv"],
	...["/admin", "/admin/projects", "/admin/projects/web", "/admin/policies", "/admin/integrations", "/admin/access"],
	...["/admin/people", `/admin/people/${PERSON_ID}`, "/admin/tokens", "/admin/locks", "/admin/freezes"],
];
/** One browser asks here as much as many would. */
const NO_LIMIT = 1_000_000_000;
const PAGE_RATES = {
	...{ looks: NO_LIMIT, changes: NO_LIMIT, searches: NO_LIMIT },
	...{ newcomers: NO_LIMIT, failures: NO_LIMIT, person: NO_LIMIT },
};

/** Each page on a young database, and on one with a hundred times as many runs and a million entries on the trail. */
export async function benchPageGrowth(server: string): Promise<Figure[]> {
	const small = await openSetting(server, "bench_pages_small");
	const large = await openSetting(server, "bench_pages_large");
	const sites = [await open(small, SMALL), await open(large, LARGE)];
	try {
		const sides = PATHS.flatMap((path) =>
			sites.map((site) => async () => percentile((await drive(1, MS, () => site.show(path))).latencies, 0.5)),
		);
		const times = await interleave(ROUNDS, sides);
		return PATHS.map((path, n) => {
			const [young = [], old = []] = times.slice(2 * n, 2 * n + 2);
			return {
				...{ part: "pages", what: `time of ${path}`, value: medianRatio(old, young), unit: "x" },
				goal: { at: "most", value: 1.5, floor: 2 },
				behind: `${milliseconds(median(young))} with ${SMALL} runs, ${milliseconds(median(old))} with ${LARGE}`,
			};
		});
	} finally {
		for (const site of sites) await site.close();
		await small.close();
		await large.close();
	}
}

async function open(setting: Setting, runs: number) {
	await grow(setting, runs);
	const { deps } = setting;
	const { server, url } = await openWeb({ deps }, { pageRates: PAGE_RATES });
	const ada = { personId: PERSON_ID, platform: "email", tenant: "", user: "ada@acme.test", role: null } as const;
	const headers = { cookie: `draven=${await insertSession(deps.db, ada, deps.now())}` };
	return {
		async show(path: string): Promise<void> {
			const answer = await fetch(`${url}${path}`, { headers, redirect: "manual" });
			if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
			await answer.text();
		},
		close: () => server.close(),
	};
}

async function grow({ url }: Setting, runs: number): Promise<void> {
	const environment = (n: string) =>
		`('00000000-0000-4000-8000-' || lpad((1 + ${n} % ${ENVIRONMENTS})::text, 12, '0'))`;
	const name = (n: string) => `('e' || 1 + ${n} % ${ENVIRONMENTS})`;
	const ago = (n: string) => `(${runs} - ${n}) * ${APART_SECONDS}`;
	for (const statement of [
		`INSERT INTO run (id, number, project_id, environment_id, project, environment, type, ref_name, ref_kind, sha, parameters, requested_by, requested_by_name,
		 fingerprint, approvals_required, verdict, delivery_key, created_at, version, state, started_at, finished_at, reason, external_id)
		 SELECT md5(n::text)::uuid, nextval('run_number'), '${PROJECT_ID}', ${environment("n")}::uuid, 'web', ${name("n")}, 'deploy', 'v1.4.2', 'tag', md5(n::text), '{}', '${PERSON_ID}', 'Ada',
		 md5(n::text), 1, '{"outcome":"allowed","rules":[]}', 'old ' || n, at, 5, CASE WHEN n % 7 = 0 THEN 'failed' ELSE 'succeeded' END, at, at, 'done', n::text
		 FROM generate_series(1, ${runs}) AS n, LATERAL (SELECT now() - make_interval(secs => ${ago("n")}) AS at) AS t`,
		`INSERT INTO audit_entry (chain, seq, entry, previous, hash)
		 SELECT ${environment("run")}, 1 + n, json_build_object('atMs', ((extract(epoch FROM now())::bigint - ${ago("run")}) * 1000 + n % ${ENTRIES_A_RUN}),
			'action', CASE WHEN n < 1000 AND n % 10 = 0 THEN 'run.late_report' WHEN n % 2 = 0 THEN 'run.requested' ELSE 'run.succeeded' END,
			'actor', json_build_object('id', '${PERSON_ID}', 'name', 'Ada', 'via', 'slack'), 'project', 'web', 'environment', ${name("run")},
			'runId', md5(run::text)::uuid, 'run', run, 'data', json_build_object()), sha256('a'), sha256('b')
		 FROM generate_series(0, ${runs * ENTRIES_A_RUN - 1}) AS n, LATERAL (SELECT 1 + n / ${ENTRIES_A_RUN} AS run) AS r`,
		"VACUUM ANALYZE",
		"CHECKPOINT",
	])
		await query(url, statement);
}
