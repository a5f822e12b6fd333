import { pino } from "pino";
import type { Deps } from "../../src/deps.ts";
import { makeHandlers } from "../../src/jobs/handlers.ts";
import { startWorker, type Worker } from "../../src/jobs/worker.ts";
import { openDataSource } from "../../src/store/data-source.ts";
import type { World } from "../support/world.ts";

export interface Replicas {
	readonly deps: readonly Deps[];
	/** One after the other, as a load balancer does. */
	next(): Deps;
	/** What the workers logged that no neighbour is to blame for. */
	readonly trouble: unknown[];
	stop(): Promise<void>;
}

/** Several processes' worth of DRAVEN on the database of one world: each with a pool and a worker of its own. */
export async function startReplicas(world: World, count: number, options = { workers: true }): Promise<Replicas> {
	const trouble: unknown[] = [];
	const workers: Worker[] = [];
	const all: Deps[] = [];
	for (let n = 0; n < count; n++) {
		const db = await openDataSource(world.url, { poolSize: 4 });
		const deps: Deps = { ...world.deps, db, log: troubleLog(trouble), wake: () => worker?.wake() };
		const handlers = makeHandlers(deps, {
			slackIn: async () => {},
			apologise: async () => {},
			teamsIn: async () => {},
			writeCheckpoint: async () => {},
		});
		const worker = options.workers ? startWorker(deps, handlers, { pollMs: 20, concurrency: 4 }) : null;
		if (worker !== null) workers.push(worker);
		all.push(deps);
	}
	let turn = 0;
	return {
		deps: all,
		next() {
			turn = (turn + 1) % all.length;
			const deps = all[turn];
			if (deps === undefined) throw new Error("there is no replica");
			return deps;
		},
		trouble,
		async stop() {
			await Promise.all(workers.map((worker) => worker.stop()));
			await Promise.all(all.map((deps) => deps.db.destroy()));
		},
	};
}

function troubleLog(trouble: unknown[]): Deps["log"] {
	return pino(
		{ level: "warn" },
		{
			write(line: string) {
				const entry: { msg: string; err?: { type: string } } = JSON.parse(line);
				if (entry.err?.type !== "VendorError") trouble.push(entry);
			},
		},
	);
}
