import type { Deps } from "../deps.ts";
import { type Finding, verifyAudit } from "../store/audit.ts";
import { SettingTable } from "../store/entities.ts";
import type { Sql } from "../store/runs.ts";

/** A look at the whole trail that somebody asked for: one at a time, however many servers there are; the last one is kept. */
export interface Verification {
	readonly state: "running" | "done" | "failed";
	readonly startedAt: string;
	/** When it last said how far it is. */
	readonly seenAt: string;
	/** How many entries were looked at, of how many. */
	readonly rows: number;
	readonly total: number;
	/** Set when it is done; null of checkpoints: there are none. */
	readonly chains: number;
	readonly checkpoints: number | null;
	readonly found: number;
	/** The first ones of what was found. */
	readonly findings: readonly Finding[];
}

const SETTING = "audit_verification";
const SHOWN = 100;
const TOLD_EVERY_MS = 1_000;
/** A server that said nothing for so long is gone, and its look with it. */
const GONE_AFTER_MS = 60_000;

export async function lastVerification(db: Pick<Deps["db"], "getRepository">): Promise<Verification | null> {
	const row = await db.getRepository(SettingTable).findOneBy({ name: SETTING });
	return row === null ? null : (JSON.parse(row.value) as Verification);
}

/** Whether it is at work. One of a server that is gone is not. */
export function isAtWork({ state, seenAt }: Verification, now: Date): boolean {
	return state === "running" && now.getTime() - Date.parse(seenAt) < GONE_AFTER_MS;
}

/** Begins a look at the whole trail and comes back at once; while one is at work, that one is told of. */
export async function startVerification(deps: Deps, dataDir: string | null): Promise<Verification> {
	const { started, begun } = await deps.db.transaction(async (tx) => {
		await tx.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [SETTING]);
		const before = await lastVerification(tx);
		if (before !== null && isAtWork(before, deps.now())) return { started: before, begun: false };
		const at = deps.now().toISOString();
		const started: Verification = {
			...{ state: "running", startedAt: at, seenAt: at, rows: 0, total: await countOf(tx) },
			...{ chains: 0, checkpoints: null, found: 0, findings: [] },
		};
		await tx.getRepository(SettingTable).save({ name: SETTING, value: JSON.stringify(started) });
		return { started, begun: true };
	});
	if (begun) void carryOut(deps, dataDir, started);
	return started;
}

async function carryOut(deps: Deps, dataDir: string | null, started: Verification): Promise<void> {
	const keep = (news: Partial<Verification>) =>
		deps.db
			.getRepository(SettingTable)
			.save({ name: SETTING, value: JSON.stringify({ ...started, seenAt: deps.now().toISOString(), ...news }) });
	let toldAt = performance.now();
	try {
		const { findings, rows, chains, checkpoints } = await verifyAudit(deps, dataDir, async (looked) => {
			if (performance.now() - toldAt < TOLD_EVERY_MS) return;
			toldAt = performance.now();
			await keep({ rows: looked });
		});
		const found = { found: findings.length, findings: findings.slice(0, SHOWN) };
		await keep({ state: "done", rows, total: rows, chains, checkpoints, ...found });
	} catch (error) {
		deps.log.error({ err: error }, "the audit trail could not be verified");
		await keep({ state: "failed" }).catch(() => undefined);
	}
}

/** By the heads of its chains: the rows themselves are not counted for it. */
async function countOf(sql: Sql): Promise<number> {
	const [row]: { n: string | null }[] = await sql.query("SELECT sum(seq) AS n FROM chain_head");
	return Number(row?.n ?? 0);
}
