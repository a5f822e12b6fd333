import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { AccessBindingTable, PersonTable } from "../../src/store/entities.ts";
import { whatWouldChange } from "../../src/use-cases/what-would-change.ts";
import { PAGES as REGISTERED } from "../../src/web/pages/register.ts";
import { Browser } from "./browser.ts";
import { Site } from "./site.ts";

const PROJECTS = 20;
const RUNS = 20_000;
const ENTRIES = 60_000;

interface Asked {
	readonly query: string;
	readonly values: readonly unknown[];
}
interface Plan {
	readonly "Node Type": string;
	readonly "Relation Name"?: string;
	readonly Plans?: readonly Plan[];
}

let site: Site;
let browser: Browser;
/** Every statement that was sent. */
let asked: Asked[] = [];

beforeAll(async () => {
	site = await Site.open();
	const { world } = site;
	await world.deployed("U_OPS", "deploy shop@v1.0.0 to stage");
	await world.say("U_OPS", "deploy shop@v1.0.0 to production");
	await grow();
	browser = new Browser(site);
	await browser.signIn("U_ADA");
	const silent = { logQueryError() {}, logQuerySlow() {}, logSchemaBuild() {}, logMigration() {}, log() {} };
	world.deps.db.logger = {
		...silent,
		logQuery: (query, values) => {
			asked.push({ query, values: (values as readonly unknown[] | undefined) ?? [] });
		},
	};
}, 120_000);
afterAll(() => site.close());

/** Years of two ordinary projects, of many small ones, and of one that is all but unused. */
async function grow(): Promise<void> {
	const { db } = site.world.deps;
	const now = site.world.now().getTime();
	const per = 3 * 365 * 86_400_000;
	for (const statement of [
		`INSERT INTO project (id, slug, name, integration_id, repository, pipeline, default_ref, managed_by)
		 SELECT gen_random_uuid(), 'p' || n, 'P' || n, (SELECT id FROM integration), 'a/b', 'd.yml', 'main', 'file' FROM generate_series(1, ${PROJECTS}) AS n`,
		`INSERT INTO environment (id, project_id, slug, policy, channels)
		 SELECT gen_random_uuid(), p.id, names.slug, 'stage', '{}' FROM project p, unnest(ARRAY['stage', 'production', 'lab']) AS names (slug) WHERE p.slug <> 'shop'`,
		"INSERT INTO chain_head (chain, seq, hash) SELECT id::text, 0, NULL FROM environment ON CONFLICT DO NOTHING",
		`CREATE TABLE place AS SELECT e.id, e.project_id, p.slug AS project, e.slug AS environment, row_number() OVER (ORDER BY p.slug, e.slug) - 1 AS nth
		 FROM environment e JOIN project p ON p.id = e.project_id WHERE e.slug <> 'lab' AND p.slug <> 'p9'`,
		`INSERT INTO run (id, number, project_id, environment_id, project, environment, type, ref_name, ref_kind, sha, parameters, requested_by, requested_by_name,
		 fingerprint, approvals_required, verdict, delivery_key, created_at, version, state, started_at, finished_at, reason, external_id)
		 SELECT gen_random_uuid(), nextval('run_number'), place.project_id, place.id, place.project, place.environment, 'deploy', 'v1', 'tag', md5(n::text), '{}',
		 (SELECT id FROM person LIMIT 1), 'Ada', 'f', 1, '{"outcome":"allowed","rules":[]}', 'old ' || n, at, 5,
		 CASE WHEN n % 500 = 0 THEN 'timed_out' WHEN n % 10 = 0 THEN 'failed' ELSE 'succeeded' END, at, at, 'done', n::text
		 FROM generate_series(1, ${RUNS}) AS n
		 CROSS JOIN LATERAL (SELECT to_timestamp(${now / 1_000} - (${RUNS} - n) * ${per / 1_000 / RUNS}::float) AS at) AS t
		 JOIN place ON place.nth = n % (SELECT count(*) FROM place)`,
		`INSERT INTO audit_entry (chain, seq, entry, previous, hash)
		 SELECT place.id, 1000 + n, json_build_object('atMs', ${now} - (${ENTRIES} - n) * ${Math.floor(per / ENTRIES)}::bigint,
			'action', CASE WHEN n % 5000 = 0 THEN 'run.late_report' WHEN n % 2 = 0 THEN 'run.requested' ELSE 'run.succeeded' END,
			'actor', json_build_object('id', NULL, 'name', 'Ada', 'via', 'slack'), 'project', place.project, 'environment', place.environment,
			'runId', run.id, 'run', run.number, 'data', json_build_object())::text, sha256('a'), sha256('b')
		 FROM generate_series(1, ${ENTRIES}) AS n JOIN place ON place.nth = n % (SELECT count(*) FROM place)
		 JOIN run ON run.delivery_key = 'old ' || (1 + n % ${RUNS})`,
		"ANALYZE",
	])
		await db.query(statement);
}

/** The tables that some statement reads from one end to the other. */
async function readWhole(statements: readonly Asked[]): Promise<string[]> {
	const found: string[] = [];
	for (const { query, values } of statements) {
		if (!/^\s*(SELECT|WITH)\b/i.test(query) || !/\b(run|audit_entry|approval)\b/.test(query)) continue;
		const [row]: { "QUERY PLAN": readonly { Plan: Plan }[] }[] = await site.world.deps.db.query(
			`EXPLAIN (FORMAT JSON) ${query}`,
			[...values],
		);
		const walk = (plan: Plan): void => {
			const table = plan["Relation Name"] ?? "";
			if (plan["Node Type"] === "Seq Scan" && ["run", "audit_entry"].includes(table))
				found.push(`${table}: ${query} ${JSON.stringify(values)}`);
			plan.Plans?.forEach(walk);
		};
		row?.["QUERY PLAN"].forEach((one) => {
			walk(one.Plan);
		});
	}
	return found;
}

async function statementsOf(work: () => Promise<{ readonly status: number }>): Promise<readonly Asked[]> {
	asked = [];
	expect((await work()).status).toBe(200);
	const sent = asked;
	asked = [];
	return sent;
}

const RUN_FILTERS = [
	...["", "project=shop", "project=p9", "environment=stage", "environment=lab", "project=p3&environment=stage"],
	...["state=succeeded", "state=timed_out", "state=waiting_approval", "project=p3&state=failed"],
	...["environment=production&state=timed_out", "project=p9&environment=lab&state=queued"],
];
const AUDIT_FILTERS = [
	...["", "project=shop", "project=p3", "project=p9", "environment=stage", "environment=lab"],
	...["project=p3&environment=production", "action=run.requested", "action=run.late_report", "action=web.signed_in"],
	...["action=token.revoked", "action=lock.stolen&project=p3", "run=1", "run=700", "since=2025-01-01"],
	...["until=2023-06-01", "since=2024-01-01&until=2024-02-01&environment=stage", "action=run.succeeded&project=p9"],
];
const both = (path: string, filters: readonly string[], cursors: readonly string[]) =>
	filters.flatMap((filter) => cursors.map((cursor) => `${path}?${[filter, cursor].filter(Boolean).join("&")}`));
const OLD = `cursor=${new Date("2024-06-01").getTime()}.5.system`;

const PAGES = [
	...["/", "/board", "/projects/p3", "/runs/700", "/runs/2", "/account"],
	...["/runs/700/evidence.json", "/runs/700/log.txt", "/reports", "/reports?weeks=52&by=project"],
	...["/reports?project=p3&environment=stage&by=environment", "/reports?project=p9", "/reports.csv"],
	...["/reports/runs?metric=deployments", "/audit.csv?project=p3", "/audit.json?action=run.late_report"],
	...["/admin", "/admin/projects", "/admin/projects/p3", "/admin/projects/p3/stage", "/admin/policies"],
	...["/admin/policies/-new", "/admin/policies/stage", "/admin/integrations", "/admin/integrations/fake"],
	...["/admin/access", "/admin/people", "/admin/tokens", "/admin/locks", "/admin/freezes"],
	...["/runs/700/live", "/runs/700/log/lines", "/admin/access/-new", "/admin/projects/-new", "/admin/projects/p3/-new"],
	...["/admin/integrations/-new", "/admin/integrations/-new/github", "/admin/integrations/fake/-delivery"],
	"/audit/verification",
	...both("/runs", RUN_FILTERS, ["", "before=5000"]),
	...both("/audit", [...AUDIT_FILTERS, "q=late", "q=late&project=p3"], ["", OLD]),
];
const LISTS = [
	...[
		"/runs/700",
		"/runs/700/story",
		"/runs/700/log",
		"/locks",
		"/freezes",
		"/reports/delivery",
		"/reports/delivery?by=project",
	],
	...["/projects", "/environments?project=p3", "/access"],
	...both("/runs", RUN_FILTERS, ["", "cursor=5000"]),
	...both(
		"/audit",
		[...AUDIT_FILTERS.filter((one) => !/since|until/.test(one)), "since=2025-01-01T00:00:00Z"],
		["", OLD],
	),
];

describe("however much there is, nothing reads all runs or the whole trail:", () => {
	test("no page that is registered is left out here", () => {
		const fits = (path: string) => new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+")}$`);
		// The ids of these two are found below; what a provider is asked for is none of ours.
		const apart = ["/admin/access/:binding", "/admin/people/:person", "/admin/integrations/:integration/-deliveries"];
		const missing = REGISTERED.filter(({ method, path }) => method === "GET" && !apart.includes(path)).filter(
			({ path }) => !PAGES.some((one) => fits(path).test(one.replace(/\?.*/, ""))),
		);
		expect(missing.map(({ path }) => path)).toEqual([]);
	});

	test("no page", async () => {
		const { db } = site.world.deps;
		const [binding] = await db.getRepository(AccessBindingTable).find();
		const [person] = await db.getRepository(PersonTable).find();
		for (const path of [...PAGES, `/admin/access/${binding?.id}`, `/admin/people/${person?.id}`]) {
			const sent = await statementsOf(() => browser.get(path));
			expect([path, await readWhole(sent)]).toEqual([path, []]);
		}
	}, 180_000);

	test("and a board asks as much for forty environments as for two", async () => {
		const few = await statementsOf(() => browser.get("/projects/p3"));
		const all = await statementsOf(() => browser.get("/"));
		expect(all.length).toBeLessThanOrEqual(few.length);
		expect(all.length).toBeLessThan(25);
	});

	test("nor what a policy would change, at all the environments that it rules", async () => {
		const policy = { slug: "stage", extends: "stage", rules: { promotion: { from: "demo" } } };
		const sent = await statementsOf(async () => {
			expect((await whatWouldChange(site.world.deps, policy)).lookedAt).toBe(50);
			return { status: 200 };
		});
		expect(sent.some(({ query }) => query.includes("sha = ANY"))).toBe(true);
		expect(await readWhole(sent)).toEqual([]);
	}, 60_000);

	test("no list of the API", async () => {
		for (const path of LISTS) {
			const sent = await statementsOf(() => site.api("GET", path));
			expect([path, await readWhole(sent)]).toEqual([path, []]);
		}
	}, 180_000);

	test("nor for a token that sees a few environments, or most of them, alone", async () => {
		const reaches = [
			{ projects: ["p3"], environments: ["stage"] },
			{ projects: ["*"], environments: ["stage", "production"] },
			{ projects: ["p9"], environments: ["lab"] },
		];
		const run = ["runs", "audit", "reports/delivery"];
		for (const reach of reaches) {
			const { plain: token } = await site.newToken({ may: { role: "viewer", reach } });
			for (const path of [...run.map((one) => `/${one}`), "/runs?state=timed_out", "/audit?action=run.late_report"]) {
				const sent = await statementsOf(() => site.api("GET", path, { token }));
				expect([reach, path, await readWhole(sent)]).toEqual([reach, path, []]);
			}
		}
	}, 120_000);

	test("and what reads all of them is noticed here", async () => {
		const sent = [{ query: "SELECT * FROM run WHERE sha = $1", values: ["x"] }];
		expect(await readWhole(sent)).toEqual([expect.stringMatching(/^run: SELECT/)]);
	});
});
