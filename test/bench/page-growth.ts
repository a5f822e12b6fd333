import { insertSession } from "../../src/store/web-sessions.ts";
import { openWeb } from "../support/web-of.ts";
import { drive, interleave, median, medianRatio, percentile } from "./measure.ts";
import { type Figure, milliseconds } from "./report.ts";
import { ENVIRONMENTS, openSetting, PERSON_ID, PROJECT_ID, query, type Setting } from "./setting.ts";

const SMALL = 1_000;
const LARGE = 100_000;
const ENTRIES_A_RUN = 10;
const YEAR_SECONDS = 52 * 7 * 86_400;
/** Between two of the last runs: what a report of a year shows is as much on both sides, and what grows is what lies before. */
const APART_SECONDS = Math.floor(YEAR_SECONDS / SMALL);
const A_YEAR_AGO = new Date(Date.now() - YEAR_SECONDS * 1_000).toISOString().slice(0, 10);
/** Of ten runs one is of this environment: its lists are full on both sides. */
const BUSY = 7;
const ROUNDS = 4;
const MS = 400;

const PATHS = [
	...[
		"/",
		"/runs",
		"/runs?state=failed",
		`/runs?environment=e${BUSY}`,
		`/runs/${SMALL / 2}`,
		"/audit",
		`/audit?environment=e${BUSY}`,
	],
	...[
		"/audit?action=run.late_report",
		"/audit?action=token.revoked",
		"/reports",
		`/reports?environment=e${BUSY}`,
		"/reports?weeks=52",
	],
	// A search reads the newest 50,000 entries at most: these are as many on both sides.
	...[
		`/audit?q=late_report&since=${A_YEAR_AGO}`,
		"/projects/web",
		"/account",
		"/reports/runs?metric=deployments",
		"/reports.csv",
	],
	...[`/audit.csv?environment=e${BUSY}&since=${A_YEAR_AGO}`],
	...["/admin", "/admin/projects", "/admin/projects/web", "/admin/policies", "/admin/integrations", "/admin/access"],
	...["/admin/people", `/admin/people/${PERSON_ID}`, "/admin/tokens", "/admin/locks", "/admin/freezes"],
];
/** Ada comes by her address, and is an admin. */
const ADMIN = [
	`INSERT INTO identity (platform, tenant, external_id, person_id, email) VALUES ('email', '', 'ada@acme.test', '${PERSON_ID}', 'ada@acme.test')`,
	`INSERT INTO access_binding (id, role, subjects, managed_by)
	 VALUES ('00000000-0000-4000-c000-000000000001', 'admin', '[{"email":"ada@acme.test"}]', 'api')`,
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
	for (const statement of ADMIN) await query(setting.url, statement);
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
	const which = (n: string) => `(CASE WHEN ${n} % 10 = 0 THEN ${BUSY} ELSE 1 + ${n} % ${ENVIRONMENTS} END)`;
	const environment = (n: string) => `('00000000-0000-4000-8000-' || lpad(${which(n)}::text, 12, '0'))`;
	const name = (n: string) => `('e' || ${which(n)})`;
	const before = (n: string) => `(${runs} - ${n})`;
	const ago = (n: string) =>
		`(least(${before(n)}, ${SMALL}) * ${APART_SECONDS} + greatest(${before(n)} - ${SMALL}, 0) * 3600)`;
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
