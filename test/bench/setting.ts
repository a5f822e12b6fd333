import pg from "pg";
import { effectivePolicy, evaluate } from "../../src/core/policy.ts";
import type { Deps } from "../../src/deps.ts";
import { openDataSource } from "../../src/store/data-source.ts";
import { migrate } from "../../src/store/migrate.ts";
import { placeById } from "../../src/use-cases/catalog.ts";
import type { Judged, RunAsked } from "../../src/use-cases/request-run.ts";
import { databaseUrl } from "../support/cluster.ts";
import { benchDeps } from "./bench-deps.ts";

/** As many as a company of some size has; requests are spread over them. */
export const ENVIRONMENTS = 200;
export const CONCURRENCY = 32;
/** The pool of the product; the other side has the same. */
export const POOL = 8;

/** A company's database, and one request that was judged: what each request of the bench is. */
export interface Setting {
	readonly url: string;
	readonly deps: Deps;
	readonly judged: Judged;
	/** A new request, on one environment after the other. */
	ask(): RunAsked;
	close(): Promise<void>;
}

export const environmentId = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
export const PERSON_ID = "00000000-0000-4000-9000-000000000001";
export const PROJECT_ID = "00000000-0000-4000-a000-000000000001";
export const INTEGRATION_ID = "00000000-0000-4000-b000-000000000001";

const SEED = [
	`INSERT INTO person (id, name) VALUES ('${PERSON_ID}', 'Ada Lovelace')`,
	`INSERT INTO integration (id, slug, provider, managed_by) VALUES ('${INTEGRATION_ID}', 'acme-github', 'github', 'file')`,
	`INSERT INTO project (id, slug, name, integration_id, repository, pipeline, default_ref, managed_by)
	 VALUES ('${PROJECT_ID}', 'web', 'Web shop', '${INTEGRATION_ID}', 'acme/web', 'deploy.yml', 'main', 'file')`,
	`INSERT INTO environment (id, project_id, slug, policy, channels)
	 SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, '${PROJECT_ID}', 'e' || n, 'production', '{"slack":"C0123456789"}'
	 FROM generate_series(1, ${ENVIRONMENTS}) AS n`,
	"INSERT INTO chain_head (chain, seq, hash) SELECT id::text, 0, NULL FROM environment",
];

/** Makes a database of that name, migrated, with everything that a request needs. */
export async function openSetting(server: string, name: string): Promise<Setting> {
	await query(server, `CREATE DATABASE ${name}`);
	const url = databaseUrl(server, name);
	await migrate(url);
	for (const statement of SEED) await query(url, statement);
	const db = await openDataSource(url, { poolSize: POOL });
	const deps = benchDeps(db);
	const places = await Promise.all(
		Array.from({ length: ENVIRONMENTS }, (_, index) => placeById(db.manager, environmentId(index + 1))),
	);
	let asked = 0;
	return {
		...{ url, deps, judged: judge() },
		ask() {
			asked += 1;
			const place = places[asked % ENVIRONMENTS];
			if (place === undefined) throw new Error("there is no such place");
			return {
				...{ caller: CALLER, place, type: "deploy", ref: "v1.4.2", toRun: null, parameters: {}, force: null },
				...{ note: null, retryOf: null, onlySha: null, deliveryKey: `slack:${name}:${process.pid}:${asked}` },
			};
		},
		async close() {
			await db.destroy();
			await query(server, `DROP DATABASE ${name} WITH (FORCE)`);
		},
	};
}

const PERSON = { id: PERSON_ID, name: "Ada Lovelace" };
const CALLER: RunAsked["caller"] = {
	principal: { person: PERSON, identities: [], emails: [], outsider: false, groups: { known: true, ids: new Set() } },
	...{ person: PERSON, bindings: [], via: "slack", user: "U0ADA" },
};

function judge(): Judged {
	const ref = { name: "v1.4.2", kind: "tag", sha: "0123456789abcdef0123456789abcdef01234567" } as const;
	const reading = effectivePolicy({ slug: "production", extends: "production", rules: {} }, () => null);
	if (!reading.ok) throw new Error(reading.message);
	const { policy } = reading;
	const checks = ["build", "test", "lint"].map((name) => ({ name, state: "success", url: null }) as const);
	const verdict = evaluate(policy, {
		...{ now: new Date(), type: "deploy", ref, ci: { known: true, checks }, parameters: {}, force: null },
		...{ queueLength: 0, frozenByHand: [], succeededHereAs: null, succeededIn: {} },
	});
	if (verdict.outcome !== "allowed") throw new Error("the bench's own request is refused");
	return {
		ref,
		rollback: null,
		promotedFrom: null,
		policy,
		policyVersion: "0123456789abcdef",
		verdict,
		ci: { known: true, checks: [] },
		evidence: null,
	};
}

/** One statement on a connection of its own. */
export async function query(url: string, text: string): Promise<pg.QueryResult> {
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	try {
		return await client.query(text);
	} finally {
		await client.end();
	}
}
