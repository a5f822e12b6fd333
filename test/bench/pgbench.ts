import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ENVIRONMENTS, INTEGRATION_ID, PERSON_ID, POOL, PROJECT_ID, type Setting } from "./setting.ts";

const run = promisify(execFile);

/** Whether this machine has pgbench. */
export async function hasPgbench(): Promise<boolean> {
	return run("pgbench", ["--version"]).then(
		() => true,
		() => false,
	);
}

/** The same seven statements by pgbench: prepared, no work between them. Transactions a second. */
export async function pgbench({ url, judged }: Setting, seconds: number): Promise<number> {
	const folder = await mkdtemp(join(tmpdir(), "draven-bench-"));
	try {
		const file = join(folder, "request.sql");
		await writeFile(file, script(judged));
		const { hostname, port, username, password, pathname } = new URL(url);
		const { stdout } = await run(
			"pgbench",
			[
				...["-n", "-M", "prepared", "-f", file, "-c", String(POOL), "-j", "1", "-T", String(seconds)],
				...["-h", hostname, "-p", port, "-U", username, pathname.slice(1)],
			],
			{ env: { ...process.env, PGPASSWORD: password } },
		);
		const [, tps] = /tps = ([\d.]+)/.exec(stdout) ?? [];
		if (tps === undefined) throw new Error(`pgbench said no figure: ${stdout}`);
		return Number(tps);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

/** As text in a script: pgbench takes a colon before a word for a variable. */
const json = (value: unknown) =>
	`'${JSON.stringify(value)
		.replaceAll("'", "''")
		.replaceAll(/:(?=\w)/g, ": ")}'`;

function script(judged: Setting["judged"]): string {
	const entry = {
		...{
			action: "run.requested",
			actor: { id: PERSON_ID, name: "Ada Lovelace", via: "slack" },
			atMs: 1_767_225_600_000,
		},
		...{ environment: "e100", project: "web", run: 123456, runId: INTEGRATION_ID },
		data: {
			ref: judged.ref,
			fingerprint: "f".repeat(64),
			approvalsRequired: 1,
			state: "waiting_approval",
			type: "deploy",
		},
	};
	const card = { platform: "slack", channel: "C0123456789" };
	const chain = "('00000000-0000-4000-8000-' || lpad(:n::text, 12, '0'))";
	const statements = [
		"BEGIN",
		`SELECT seq + 1 AS next, nextval('run_number') AS number, gen_random_uuid() AS id FROM chain_head WHERE chain = ${chain} FOR UPDATE \\gset`,
		`INSERT INTO run (id, number, project_id, environment_id, project, environment, type, ref_name, ref_kind, sha, parameters,
		 requested_by, requested_by_name, fingerprint, approvals_required, verdict, delivery_key, created_at, version, state, deadline)
		 SELECT :id::uuid, :number::int, '${PROJECT_ID}'::uuid, ${chain}::uuid, 'web', 'e100', 'deploy', 'v1.4.2', 'tag', '${judged.ref.sha}', '{}'::jsonb,
		 '${PERSON_ID}'::uuid, 'Ada Lovelace', '${"f".repeat(64)}', 1, ${json(judged.verdict)}::jsonb, 'pgbench ' || :number::text, now(), 1, 'waiting_approval', now()
		 WHERE (SELECT count(*) FROM run WHERE environment_id = ${chain}::uuid AND (state = 'queued' OR (state = 'waiting_approval' AND queue_position IS NOT NULL))) < 20`,
		`INSERT INTO audit_entry (chain, seq, entry, previous, hash) VALUES (${chain}, :next, ${json(entry)}, sha256('a'), sha256('b'))`,
		`UPDATE chain_head SET seq = :next, hash = sha256('b') WHERE chain = ${chain}`,
		`INSERT INTO job (kind, run_id, order_key, payload, run_at, created_at) VALUES
		 ('deadline', :id::uuid, NULL, '{}', now(), now()), ('card', :id::uuid, 'slack ' || :id, ${json(card)}, now(), now()),
		 ('thread', :id::uuid, 'slack ' || :id, ${json({ ...card, entry })}, now(), now())`,
		"COMMIT",
	];
	const lines = statements
		.map((text) => text.replaceAll(/\s+/g, " "))
		.map((text) => (text.endsWith("\\gset") ? text : `${text};`));
	return `\\set n random(1, ${ENVIRONMENTS})\n${lines.join("\n")}\n`;
}
