import { randomBytes, randomUUID } from "node:crypto";
import type { DataSource } from "typeorm";
import { type AuditEntry, SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import type { Run, RunProgress } from "../../src/core/run.ts";
import type { Verdict } from "../../src/core/verdict.ts";
import { type HeldChain, holdChain, holdChainForRequest, insertRun } from "../../src/store/change.ts";
import { openDataSource } from "../../src/store/data-source.ts";
import { EnvironmentTable, IntegrationTable, PersonTable, ProjectTable } from "../../src/store/entities.ts";
import { createTestDatabase } from "../support/database.ts";

/** A database with one project and a person, and as little else as a run needs. */
export interface Shelf {
	readonly db: DataSource;
	readonly url: string;
	readonly auditKey: Buffer;
	readonly integrationId: string;
	readonly projectId: string;
	readonly personId: string;
	/** The id of a new environment, with its chain. */
	environment(slug: string): Promise<string>;
	close(): Promise<void>;
}

export const T0 = new Date("2026-03-04T10:00:00.000Z");
export const at = (ms: number) => new Date(T0.getTime() + ms);

export const ALLOWED: Verdict = { outcome: "allowed", approvals: 0, rules: [], parameters: {}, waived: [] };

export async function openShelf(): Promise<Shelf> {
	const database = await createTestDatabase();
	const db = await openDataSource(database.url);
	const [integrationId, projectId, personId] = [randomUUID(), randomUUID(), randomUUID()];
	const managedBy = "file" as const;
	await db.getRepository(IntegrationTable).insert({
		...{
			id: integrationId,
			slug: "runners",
			provider: "runner",
			baseUrl: null,
			settings: {},
			secrets: null,
			managedBy,
		},
	});
	await db.getRepository(ProjectTable).insert({
		...{
			id: projectId,
			slug: "shop",
			name: "Shop",
			integrationId,
			repository: "git://shop",
			pipeline: "deploy/run.sh",
		},
		...{ defaultRef: "main", managedBy, archivedAt: null },
	});
	await db.getRepository(PersonTable).insert({ id: personId, name: "Ann" });
	return {
		...{ db, url: database.url, auditKey: randomBytes(32), integrationId, projectId, personId },
		async environment(slug) {
			const id = randomUUID();
			await db.getRepository(EnvironmentTable).insert({ id, projectId, slug, policy: "stage", archivedAt: null });
			await db.query("INSERT INTO chain_head (chain, seq, hash) VALUES ($1, 0, NULL)", [id]);
			return id;
		},
		async close() {
			await db.destroy();
			await database.drop();
		},
	};
}

/** A run that waits in the queue; `more` says what else it is. */
export function makeRun(shelf: Shelf, environmentId: string, number: number, more: Partial<Run> = {}): Run {
	return {
		...{ id: randomUUID(), number, projectId: shelf.projectId, environmentId, project: "shop", environment: "stage" },
		...{ type: "deploy", ref: { name: "main", kind: "branch", sha: "a".repeat(40) }, parameters: {} },
		...{ requestedBy: { id: shelf.personId, name: "Ann" }, note: null, force: null, fingerprint: "f".repeat(64) },
		...{ approvalsRequired: 0, retryOf: null, rollback: null, promotedFrom: null, createdAt: T0, version: 1 },
		progress: { state: "queued", deadline: at(3_600_000) },
		...more,
	};
}

/** Puts a run into the database the way a request does; whether it was taken. */
export async function put(
	shelf: Shelf,
	environmentId: string,
	more: Partial<Run> & {
		readonly deliveryKey?: string;
		readonly holdsPlace?: boolean;
		readonly queueLimit?: number;
	} = {},
): Promise<{ run: Run; taken: boolean }> {
	const { deliveryKey = null, holdsPlace = false, queueLimit = 100, ...rest } = more;
	return shelf.db.transaction(async (tx) => {
		const { held, number } = await holdChainForRequest(tx, environmentId);
		const run = makeRun(shelf, environmentId, number, rest);
		const context = { tx, auditKey: shelf.auditKey, held, now: T0 };
		const draft = { run, verdict: ALLOWED, evidence: null, deliveryKey, holdsPlace, queueLimit };
		const taken = await insertRun(context, draft, [entryOf(run)], [{ kind: "deadline", runId: run.id }]);
		return { run, taken };
	});
}

export function entryOf(run: Run): AuditEntry {
	const { project, environment, id: runId, number, progress } = run;
	const about = { project, environment, runId, run: number, data: { state: progress.state } };
	return { atMs: T0.getTime(), action: "run.requested", actor: SYSTEM_ACTOR, ...about };
}

/** Does something while the environment is held. */
export async function holding<T>(
	shelf: Shelf,
	environmentId: string,
	work: (context: Parameters<typeof insertRun>[0] & { held: HeldChain }) => Promise<T>,
): Promise<T> {
	return shelf.db.transaction(async (tx) =>
		work({ tx, auditKey: shelf.auditKey, held: await holdChain(tx, environmentId), now: T0 }),
	);
}

const EXTERNAL = { externalId: "77", externalUrl: "https://ci.test/77" };

/** What each state may carry, the empty forms too. */
export const PROGRESSES: readonly RunProgress[] = [
	{ state: "waiting_approval", deadline: at(1) },
	{ state: "queued", deadline: at(2) },
	...[null, EXTERNAL].flatMap((external) =>
		[false, true].flatMap((triggerAttempted): RunProgress[] => [
			{ state: "dispatching", startedAt: at(3), deadline: at(4), triggerAttempted, external },
			...(["person", "timeout"] as const).map((why): RunProgress => {
				const stop = { why, reason: "enough" };
				return { state: "cancelling", startedAt: at(3), deadline: at(4), triggerAttempted, external, stop };
			}),
		]),
	),
	{ state: "running", startedAt: at(3), deadline: at(5), external: EXTERNAL },
	{ state: "running", startedAt: at(3), deadline: at(5), external: { externalId: "78", externalUrl: null } },
	...(["succeeded", "failed", "rejected", "cancelled", "expired", "superseded", "timed_out"] as const).flatMap(
		(state): RunProgress[] => [
			{ state, startedAt: null, finishedAt: at(6), external: null, reason: "" },
			{ state, startedAt: at(3), finishedAt: at(6), external: EXTERNAL, reason: "it is over" },
		],
	),
];
