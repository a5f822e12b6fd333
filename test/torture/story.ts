import { expect } from "@jest/globals";
import type { DataSource } from "typeorm";
import { isEnd, type Run } from "../../src/core/run.ts";
import type { Deps } from "../../src/deps.ts";
import { verifyAudit } from "../../src/store/audit.ts";
import { openDataSource } from "../../src/store/data-source.ts";
import { runById } from "../../src/store/runs.ts";
import { World } from "../support/world.ts";
import { startWire, type Wire } from "./wire.ts";

/** `DRAVEN_TORTURE=full` breaks at every single place instead of at a choice of them. */
export const FULL = process.env["DRAVEN_TORTURE"] === "full";

const MINUTE = 60_000;

export interface Outcome {
	readonly where: string;
	/** How often its pipeline was started. */
	readonly starts: number;
}

export interface Stories {
	readonly world: World;
	readonly wire: Wire;
	/** From the command to the end of a run that needs one approval; whatever breaks on the way is done again. */
	tell(): Promise<Run>;
	/** What must hold whatever broke. */
	rightEnd(run: Run, where: string): Promise<Outcome>;
	trailIsWhole(): Promise<void>;
	close(): Promise<void>;
}

interface Setting {
	/** Puts something between the main job and its neighbours. */
	readonly around?: (deps: Deps) => Deps;
	/** How the end of a pipeline becomes known. */
	readonly by: "webhook" | "poll";
}

/** The main job, told again and again on one database, over a wire that breaks. */
export async function openStories({ around = (deps) => deps, by }: Setting): Promise<Stories> {
	const world = await World.open({ production: { approvals: { required: 1 } } });
	const plain = world.deps;
	/** Past the wire: what the test itself looks at. */
	const direct = plain.db;
	const wire = await startWire(world.url);
	let told = 0;

	async function boot(): Promise<void> {
		world.deps = around({ ...plain, db: await openDataSource(wire.url, { poolSize: 2 }) });
	}

	/** What a chat does with what it could not deliver, and a worker with what broke: again, after the lease; a dead process is replaced. */
	async function again<T>(what: () => Promise<T>): Promise<T> {
		for (let tries = 1; ; tries++) {
			try {
				const done = await what();
				if (!wire.dead) return done;
			} catch (error) {
				if (tries === 5) throw error;
			}
			if (wire.dead) {
				await world.deps.db.destroy().catch(() => {});
				wire.revive();
				await boot();
			}
			world.sleep(31_000);
		}
	}

	/** Until it is taken: when a neighbour could not be asked, the person tries again in a minute. */
	async function say(user: string, text: string, name: string) {
		for (let n = 0; n < 3; n++) {
			const answer = await again(() => world.say(user, text, { deliveryId: `${name}${told}.${n}` }));
			if (!/^provider_|_unreadable$|^ci_unknown$/.test(answer.code ?? "")) return answer;
		}
		throw new Error(`${text} was never taken`);
	}

	async function tell(): Promise<Run> {
		told += 1;
		const asked = await say("U_OPS", "shop@v1.0.0 to production", "ask");
		const now = async () => {
			const run = asked.runId === null ? null : await runById(direct, asked.runId);
			if (run === null) throw new Error(`there is no run: ${asked.card.text}`);
			return run;
		};
		const { id, number } = await now();
		await again(() => world.work());
		expect(await say("U_ANN", `approve #${number}`, "approve")).toMatchObject({ outcome: "done" });
		await again(() => world.work());
		const begun = async () => ((state) => state === "running" || isEnd(state))((await now()).progress.state);
		for (let n = 0; n < 25 && !(await begun()); n++) await again(() => world.pass(31_000));
		if (world.pipeline.startsOf(id) > 0) {
			const report = world.pipeline.set(id, "succeeded");
			if (by === "webhook") await again(() => world.hear(report));
		}
		for (let n = 0; n < 25 && !isEnd((await now()).progress.state); n++) await again(() => world.pass(31_000));
		// Whatever is still to be said is said by then, and every deadline has passed.
		await again(() => world.pass(5 * MINUTE));
		for (let n = 0; n < 5 && (n === 0 || (await openJobs(direct)) > 0); n++)
			await again(() => world.pass(24 * 60 * MINUTE));
		return now();
	}

	async function rightEnd(run: Run, where: string): Promise<Outcome> {
		const starts = world.pipeline.startsOf(run.id);
		const started = starts === 1;
		const right = (what: object, expected: object) => expect({ where, ...what }).toEqual({ where, ...expected });
		// What was never started failed, and says so; it is never started twice.
		right(
			{ starts, state: run.progress.state },
			started ? { starts: 1, state: "succeeded" } : { starts: 0, state: "failed" },
		);
		const roots = world.chat.roots("C_PRODUCTION").filter((one) => one.clientId.startsWith(`card:${run.id}`));
		right({ roots: roots.map((one) => one.card.text.includes(started ? "Succeeded" : "Failed")) }, { roots: [true] });
		const texts = world.chat.threadOf(roots[0] ?? { channel: "", messageId: "" });
		// Whose answer was lost is told so, once; the story goes on as ever.
		const isNote = (text: string) => text.includes("looked for by its JOB_ID");
		right({ notes: texts.filter(isNote).length <= 1 }, { notes: true });
		const thread = texts.filter((text) => !isNote(text)).map((text) => text.split(" ")[0]);
		right({ thread }, { thread: ["Requested", "Approved", ...(started ? ["The", "✅"] : ["❌"])] });
		const rows: { action: string }[] = await direct.query(
			`SELECT action FROM audit_entry WHERE run_id = $1 AND action NOT IN
			 ('run.trigger_not_sent', 'run.decision_refused', 'run.noted') ORDER BY seq`,
			[run.id],
		);
		const trail = rows
			.map((row) => row.action)
			.filter((action, n, all) => action !== "run.trigger_attempted" || all.indexOf(action) === n);
		right(
			{ trail },
			{
				trail: [
					...["run.requested", "run.approved", "run.queued", "run.dispatching", "run.trigger_attempted"],
					...(started ? ["run.accepted", "run.running", "run.succeeded"] : ["run.failed"]),
				],
			},
		);
		const approvals: unknown[] = await direct.query("SELECT 1 FROM approval WHERE run_id = $1", [run.id]);
		right({ open: await openJobs(direct), approvals: approvals.length }, { open: 0, approvals: 1 });
		return { where, starts };
	}

	await boot();
	return {
		world,
		wire,
		tell,
		rightEnd,
		async trailIsWhole() {
			expect((await verifyAudit({ db: direct, auditKey: plain.auditKey }, "/nonexistent")).findings).toEqual([]);
			const [count]: object[] = await direct.query(
				`SELECT (SELECT count(*)::int FROM run) AS runs, (SELECT count(*)::int FROM job WHERE dead_at IS NOT NULL) AS dead,
				 (SELECT count(*)::int FROM audit_entry WHERE action = 'run.requested') AS requested`,
			);
			expect(count).toEqual({ runs: told, dead: 0, requested: told });
			expect(world.chat.told).toEqual([]);
		},
		async close() {
			await world.deps.db.destroy();
			world.deps = plain;
			await wire.close();
			await world.close();
		},
	};
}

async function openJobs(db: DataSource): Promise<number> {
	const [row]: { n: number }[] = await db.query("SELECT count(*)::int AS n FROM job WHERE done_at IS NULL");
	return row?.n ?? -1;
}
