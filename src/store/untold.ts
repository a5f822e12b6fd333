import type { Finding } from "./audit.ts";
import type { Sql } from "./runs.ts";

/** What stands in the other tables and of which the trail does not tell, as it does of everything: `number` is a run's. */
const LOOKS: readonly { readonly statement: string; readonly detail: (row: Row) => string }[] = [
	{
		statement: `SELECT environment_id::text AS chain, number, '' AS what FROM run
			WHERE NOT EXISTS (SELECT FROM audit_entry AS a WHERE a.run_id = run.id::text) ORDER BY number LIMIT $1`,
		detail: ({ number }) => `the run #${number} has no entry at all`,
	},
	{
		// A run that nobody had to approve is queued by its request.
		statement: `SELECT chain, number, state AS what FROM (
				SELECT environment_id::text AS chain, id::text AS id, number, state, CASE
					WHEN state = 'waiting_approval' OR (state = 'queued' AND approvals_required = 0) THEN 'run.requested'
					ELSE 'run.' || state END AS told FROM run) AS r
			WHERE EXISTS (SELECT FROM audit_entry AS a WHERE a.run_id = r.id)
			AND NOT EXISTS (SELECT FROM audit_entry AS a WHERE a.run_id = r.id AND a.action = r.told) ORDER BY number LIMIT $1`,
		detail: ({ number, what }) => `the run #${number} is ${what}, and no entry tells how it came to that`,
	},
	{
		statement: `SELECT r.environment_id::text AS chain, r.number, p.decision || ' by ' || p.person_name AS what
			FROM approval AS p JOIN run AS r ON r.id = p.run_id
			WHERE NOT EXISTS (SELECT FROM audit_entry AS a WHERE a.run_id = r.id::text AND a.action = 'run.' || p.decision
				AND a.actor_id = p.person_id::text) ORDER BY r.number LIMIT $1`,
		detail: ({ number, what }) => `the run #${number} is ${what}, and no entry tells of it`,
	},
	{
		statement: `SELECT environment_id::text AS chain, 0 AS number, person_name AS what FROM environment_lock AS l
			WHERE NOT EXISTS (SELECT FROM audit_entry AS a WHERE a.chain = l.environment_id::text
				AND a.action IN ('lock.taken', 'lock.stolen') AND a.at_ms = round(extract(epoch FROM l.created_at) * 1000)) LIMIT $1`,
		detail: ({ what }) => `the lock of ${what} has no entry`,
	},
	{
		statement: `SELECT 'system' AS chain, 0 AS number, projects || '/' || environments || ' by ' || person_name AS what
			FROM release_freeze AS f WHERE NOT EXISTS (SELECT FROM audit_entry AS a WHERE a.chain = 'system'
				AND a.action = 'freeze.set' AND a.at_ms = round(extract(epoch FROM f.created_at) * 1000)) LIMIT $1`,
		detail: ({ what }) => `the freeze of ${what} has no entry`,
	},
	{
		statement: `SELECT 'system' AS chain, 0 AS number, t.name || ' was ' || told.action AS what FROM api_token AS t
			CROSS JOIN LATERAL (VALUES ('created', true), ('revoked', t.revoked_at IS NOT NULL)) AS told (action, happened)
			LEFT JOIN (SELECT action, entry::jsonb #>> '{data,token}' AS token FROM audit_entry
				WHERE chain = 'system' AND action IN ('token.created', 'token.revoked')) AS a
			ON a.token = t.id::text AND a.action = 'token.' || told.action
			WHERE told.happened AND a.token IS NULL ORDER BY t.name LIMIT $1`,
		detail: ({ what }) => `the token ${what}, and no entry tells of it`,
	},
];

interface Row {
	readonly chain: string;
	readonly number: number;
	readonly what: string;
}

/**
 * What has to have a trail and has none: a chain that was taken out whole shows here, and an end that was cut off after the last
 * checkpoint.
 */
export async function untold(sql: Sql, most: number): Promise<Finding[]> {
	const findings = await lostChains(sql);
	for (const { statement, detail } of LOOKS) {
		const rows: Row[] = await sql.query(statement, [most]);
		for (const row of rows) findings.push({ chain: row.chain, seq: 0, problem: "without_trail", detail: detail(row) });
	}
	return findings;
}

async function lostChains(sql: Sql): Promise<Finding[]> {
	const rows: { chain: string; name: string }[] = await sql.query(
		`SELECT c.chain, c.name FROM (
			SELECT 'system' AS chain, 'the system' AS name
			UNION ALL SELECT e.id::text, p.slug || '/' || e.slug FROM environment AS e JOIN project AS p ON p.id = e.project_id
		 ) AS c WHERE NOT EXISTS (SELECT FROM chain_head AS h WHERE h.chain = c.chain)`,
	);
	return rows.map(({ chain, name }) => ({
		chain,
		seq: 0,
		problem: "no_chain",
		detail: `the chain of ${name} is gone`,
	}));
}
