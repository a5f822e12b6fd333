import { expect } from "@jest/globals";
import { isEnd, type Run, type RunState, startedAtOf } from "../../src/core/run.ts";
import { personLock } from "../../src/store/locks.ts";
import { listRuns } from "../../src/store/runs.ts";
import type { World } from "../support/world.ts";
import { ACTIVE, type Env, lockAt, type Model, type ModelRun, over } from "./model.ts";

/** The main job and its model. */
export interface BothSides {
	readonly world: World;
	readonly project: string;
	readonly model: Model;
}

/** Looks at everything: what changed is what might, and what never may is not there. */
export async function settle(
	side: BothSides,
	may: (run: ModelRun, actual: Run) => readonly RunState[],
	withLocks: boolean,
): Promise<void> {
	const { world, project, model } = side;
	const { deps, pipeline } = world;
	const actual = new Map((await listRuns(deps.db, { project, limit: 1_000 })).map((run) => [run.number, run]));
	expect([...actual.keys()].sort((a, b) => a - b)).toEqual(model.runs.map((run) => run.number));
	const allowed = new Map(
		model.runs.map((run) => {
			const now = actual.get(run.number);
			return [run, now === undefined ? [] : may(run, now)];
		}),
	);
	for (const run of model.runs) {
		const now = actual.get(run.number);
		if (now === undefined) continue;
		const { state } = now.progress;
		if (state !== run.state) {
			const change = { run: run.number, from: run.state, to: state };
			if (over(run) || !(allowed.get(run) ?? []).includes(state))
				throw new Error(`${JSON.stringify(change)} might not happen; ${JSON.stringify(allowed.get(run))} might`);
			run.state = state;
			if (state === "queued" && run.place === null) run.place = model.places++;
		}
		run.deadline = deadlineOf(now);
		const starts = pipeline.startsOf(now.id);
		const mayHaveStarted = ACTIVE.includes(state) || (isEnd(state) && startedAtOf(now) !== null);
		if (starts > (mayHaveStarted ? 1 : 0))
			throw new Error(`#${run.number}, ${state}, started its pipeline ${starts} times`);
		if (starts === 1) expect(pipeline.runOf(now.id).request.variables["SHA"]).toBe(run.sha);
	}
	for (const env of ["stage", "production"] as const) {
		const active = model.runs.filter((run) => run.env === env && ACTIVE.includes(run.state));
		expect(active.length).toBeLessThanOrEqual(1);
		if (withLocks) await settleLock(side, env);
	}
}

async function settleLock({ world, model }: BothSides, env: Env): Promise<void> {
	const now = world.now().getTime();
	const lock = await personLock(world.deps.db, world.environment(env).id, world.now());
	const expected = lockAt(model, env, now);
	const back = model.runs.findLast((run) => run.env === env && run.type === "rollback" && run.state === "succeeded");
	// A rollback that succeeded locks for whoever asked for it, where nobody had.
	if (expected === null && lock?.reason?.startsWith("Rolled back") && lock.person.name === back?.user) {
		model.locks.set(env, { user: back.user, until: null });
		return;
	}
	expect({ env, lock: lock?.person.name ?? null }).toEqual({ env, lock: expected?.user ?? null });
}

export function deadlineOf(run: Run): number | null {
	return "deadline" in run.progress ? run.progress.deadline.getTime() : null;
}
