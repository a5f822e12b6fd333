import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import { verifyAudit } from "../../src/store/audit.ts";
import { holdChain, writeTrail } from "../../src/store/change.ts";
import { median } from "./measure.ts";
import { type Figure, milliseconds } from "./report.ts";
import { ENVIRONMENTS, environmentId, openSetting, type Setting } from "./setting.ts";

const ROUNDS = 5;
const PER_CHAIN = 600;

/** A trail of entries as requests leave them, verified as `draven audit verify` does. */
export async function benchAuditVerify(server: string): Promise<Figure[]> {
	const setting = await openSetting(server, "bench_audit");
	const dataDir = await mkdtemp(join(tmpdir(), "draven-bench-"));
	try {
		for (let n = 1; n <= ENVIRONMENTS; n++) await fill(setting, environmentId(n));
		const times: number[] = [];
		let rows = 0;
		for (let round = 0; round <= ROUNDS; round++) {
			const began = performance.now();
			const report = await verifyAudit(setting.deps, dataDir);
			if (report.findings.length > 0) throw new Error("the bench's own trail is not whole");
			if (round > 0) times.push(performance.now() - began);
			rows = report.rows;
		}
		const value = rows / (median(times) / 1_000);
		const goal = { at: "least", value: 100_000, floor: 50_000 } as const;
		const behind = `${rows} rows in ${milliseconds(median(times))}`;
		return [{ part: "audit", what: "verification of the trail", value, unit: "rows/s", goal, behind }];
	} finally {
		await setting.close();
		await rm(dataDir, { recursive: true, force: true });
	}
}

async function fill({ deps, judged, ask }: Setting, chain: string): Promise<void> {
	const { place } = ask();
	const entries = Array.from({ length: PER_CHAIN }, (_, row) => ({
		...({ atMs: Date.now() + row, action: "run.requested", actor: SYSTEM_ACTOR, project: place.project.slug } as const),
		...{ environment: place.environment.slug, runId: environmentId(row), run: row },
		data: { ref: judged.ref, fingerprint: "f".repeat(64), approvalsRequired: 1, state: "waiting_approval" },
	}));
	await deps.db.transaction(async (tx) => {
		const held = await holdChain(tx, chain);
		await writeTrail({ tx, auditKey: deps.auditKey, held, now: new Date() }, entries);
	});
}
