import { randomUUID } from "node:crypto";
import pg from "pg";
import { auditHash } from "../../src/core/audit-chain.ts";
import { canonicalJson } from "../../src/core/canonical-json.ts";
import type { Run } from "../../src/core/run.ts";
import { entryOf, followUps } from "../../src/use-cases/advance-run.ts";
import { chatJobs } from "../../src/use-cases/chat-jobs.ts";
import { actorOf } from "../../src/use-cases/identify.ts";
import { POOL, type Setting } from "./setting.ts";

const HOLD = "SELECT seq, hash, nextval('run_number') AS number FROM chain_head WHERE chain = $1 FOR UPDATE";
const RUN = `INSERT INTO run (id, number, project_id, environment_id, project, environment, type, ref_name, ref_kind, sha, parameters,
	requested_by, requested_by_name, fingerprint, approvals_required, verdict, delivery_key, created_at, version, state, deadline)
	SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21
	WHERE (SELECT count(*) FROM run WHERE environment_id = $4 AND (state = 'queued' OR (state = 'waiting_approval' AND queue_position IS NOT NULL))) < $22`;
const ENTRY = "INSERT INTO audit_entry (chain, seq, entry, previous, hash) VALUES ($1, $2, $3, $4, $5)";
const HEAD = "UPDATE chain_head SET seq = $2, hash = $3 WHERE chain = $1";
const jobs = (count: number) =>
	`INSERT INTO job (kind, run_id, order_key, payload, run_at, created_at) VALUES ${Array.from({ length: count }, (_, n) => `($${6 * n + 1}, $${6 * n + 2}, $${6 * n + 3}, $${6 * n + 4}, $${6 * n + 5}, $${6 * n + 6})`).join(", ")}`;

/** The same request with the same effects, written as one would: bare `pg`, named statements, seven round trips. */
export function ordinaryRequests({ url, deps, judged, ask }: Setting) {
	const pool = new pg.Pool({ connectionString: url, max: POOL });

	async function request(): Promise<void> {
		const asked = ask();
		const { environment } = asked.place;
		const client = await pool.connect();
		const send = (name: string, text: string, values: unknown[]) => client.query({ name, text, values });
		try {
			await client.query("BEGIN");
			const { rows } = await send("hold", HOLD, [environment.id]);
			const now = new Date();
			const run = newRun(asked, judged, Number(rows[0].number), now);
			await send("run", RUN, [
				...[run.id, run.number, run.projectId, run.environmentId, run.project, run.environment, run.type],
				...[run.ref.name, run.ref.kind, run.ref.sha, JSON.stringify(run.parameters), run.requestedBy.id],
				...[run.requestedBy.name, run.fingerprint, run.approvalsRequired, JSON.stringify(judged.verdict)],
				...[asked.deliveryKey, now, run.version, run.progress.state, deadline(now), judged.policy.queue.limit],
			]);
			const entry = entryOf(run, "run.requested", actorOf(asked.caller), now, {
				...{ type: run.type, ref: run.ref, parameters: run.parameters, fingerprint: run.fingerprint },
				...{ approvalsRequired: run.approvalsRequired, state: run.progress.state, note: null, force: null },
				...{ retryOf: null, rollback: null },
			});
			const text = canonicalJson(entry);
			const seq = Number(rows[0].seq) + 1;
			const hash = auditHash(deps.auditKey, rows[0].hash, environment.id, seq, text);
			await send("entry", ENTRY, [environment.id, seq, text, rows[0].hash, hash]);
			await send("head", HEAD, [environment.id, seq, hash]);
			const drafts = [...followUps(deps, null, run, now), ...chatJobs(run, environment.channels, [entry])];
			const values = drafts.flatMap((job) => [
				...[job.kind, job.runId ?? null, job.orderKey ?? null, JSON.stringify(job.payload ?? {})],
				...[job.runAt ?? now, now],
			]);
			await send(`jobs${drafts.length}`, jobs(drafts.length), values);
			await client.query("COMMIT");
		} finally {
			client.release();
		}
	}

	return { request, close: () => pool.end() };
}

const deadline = (now: Date) => new Date(now.getTime() + 86_400_000);

function newRun(asked: ReturnType<Setting["ask"]>, judged: Setting["judged"], number: number, now: Date): Run {
	const { project, environment } = asked.place;
	return {
		...{ id: randomUUID(), number, projectId: project.id, environmentId: environment.id, project: project.slug },
		...{ environment: environment.slug, type: "deploy", ref: judged.ref, parameters: {}, note: null, force: null },
		...{ requestedBy: asked.caller.person, fingerprint: "f".repeat(64), approvalsRequired: 1, retryOf: null },
		...{ rollback: null, promotedFrom: null, createdAt: now, version: 1 },
		progress: { state: "waiting_approval", deadline: deadline(now) },
	};
}
