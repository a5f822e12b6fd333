import { isEnd, type Run } from "../../src/core/run.ts";
import { listRuns } from "../../src/store/runs.ts";
import { type Setting, World } from "../support/world.ts";
import { type Replicas, startReplicas } from "./replicas.ts";

/** A world, and the replicas that a test lets loose on it. */
export interface Crowd {
	readonly world: World;
	start(count?: number, options?: { workers: boolean }): Promise<Replicas>;
	allRuns(): Promise<Run[]>;
	/** Whether every run has come to its end. */
	allOver(): Promise<boolean>;
	/** How many rows there are: `table WHERE …`. */
	count(rows: string, values?: unknown[]): Promise<number>;
	close(): Promise<void>;
}

const PATIENT: Setting = {
	stage: { refs: { tags: ["**"] }, queue: { limit: 100 }, timeouts: { queue: "7d" } },
	production: { approvals: { required: 2 } },
};

export async function openCrowd(setting: Setting = PATIENT): Promise<Crowd> {
	const world = await World.open(setting);
	const started: Replicas[] = [];
	const { db } = world.deps;
	const allRuns = () => listRuns(db, { limit: 1_000 });
	return {
		world,
		async start(count = 3, options = { workers: true }) {
			const replicas = await startReplicas(world, count, options);
			started.push(replicas);
			return replicas;
		},
		allRuns,
		allOver: async () => (await allRuns()).every((run) => isEnd(run.progress.state)),
		async count(rows, values = []) {
			const [row]: { n: number }[] = await db.query(`SELECT count(*)::int AS n FROM ${rows}`, values);
			return row?.n ?? -1;
		},
		async close() {
			for (const replicas of started) await replicas.stop();
			await world.close();
		},
	};
}
