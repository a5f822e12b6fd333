import pg from "pg";
import { startWakeUp } from "../../src/jobs/wake.ts";
import { type Handlers, startWorker } from "../../src/jobs/worker.ts";
import type { Job } from "../../src/store/jobs.ts";
import { governedRequest } from "./governed-request.ts";
import { median, percentile } from "./measure.ts";
import { type Figure, milliseconds } from "./report.ts";
import { openSetting, query, type Setting } from "./setting.ts";

const PART = "jobs";
const REQUESTS_PER_SECOND = 40;
const SECONDS = 6;
const DRAINED = 6_000;

/** How soon after its commit a job is begun while a team is busy, and how fast a backlog goes. */
export async function benchStartOfAJob(server: string): Promise<Figure[]> {
	const setting = await openSetting(server, "bench_jobs");
	try {
		const { waits, trips } = await commitToStart(setting);
		const p99 = percentile(waits, 0.99);
		const rates: number[] = [];
		for (let round = 0; round < 3; round++) rates.push(await drain(setting));
		return [
			{
				...{ part: PART, what: "commit to start of its job, p99", value: p99, unit: "ms" },
				// Half of the worker's poll: above it the wake-up does not work. Below it a busy machine has its say.
				goal: { at: "most", value: 10, floor: 200 },
				behind: `p50 ${milliseconds(percentile(waits, 0.5))} at ${REQUESTS_PER_SECOND} requests/s; a SELECT 1 meanwhile p50 ${milliseconds(percentile(trips, 0.5))}, p99 ${milliseconds(percentile(trips, 0.99))}`,
			},
			{
				...{ part: PART, what: "drain of the outbox", value: median(rates), unit: "jobs/s", goal: null },
				behind: `${DRAINED} jobs that do nothing, each with a lease and an end of its own`,
			},
		];
	} finally {
		await setting.close();
	}
}

/** Every kind of job does the same. */
function handlersOf(begin: (job: Job) => void): Handlers {
	const handler = async (job: Job) => {
		begin(job);
		return "done" as const;
	};
	const handle: Handlers["handle"] = {
		...{
			slack_in: handler,
			teams_in: handler,
			teams_answer: handler,
			webhook: handler,
			dispatch: handler,
			trigger: handler,
			cancel: handler,
			poll: handler,
		},
		...{
			deadline: handler,
			lock_expiry: handler,
			freeze_expiry: handler,
			card: handler,
			thread: handler,
			tell: handler,
			notice: handler,
		},
		...{ progress: handler, fetch_log: handler, evidence: handler, checkpoint: handler, clean_up: handler },
	};
	return { handle, gaveUp: async () => [] };
}

/** Milliseconds, sorted; and how long a bare trip to the database took on this machine at the same time. */
async function commitToStart(setting: Setting): Promise<{ waits: number[]; trips: number[] }> {
	const { deps } = setting;
	const began = new Map<string, number>();
	const committed = new Map<string, number>();
	// The root card of a run is what a person waits for.
	const worker = startWorker(
		deps,
		handlersOf((job) => {
			if (job.kind === "card" && job.runId !== null) began.set(job.runId, performance.now());
		}),
	);
	const wakeUp = await startWakeUp(setting.url, worker.wake, deps.log);
	const probe = new pg.Client({ connectionString: setting.url });
	await probe.connect();
	const trips: number[] = [];
	const work: Promise<void>[] = [];
	for (let n = 0; n < REQUESTS_PER_SECOND * SECONDS; n++) {
		work.push(
			governedRequest(setting).then((runId) => {
				committed.set(runId, performance.now());
				wakeUp.wake();
			}),
		);
		const sent = performance.now();
		work.push(probe.query("SELECT 1").then(() => void trips.push(performance.now() - sent)));
		await pause(1_000 / REQUESTS_PER_SECOND);
	}
	await Promise.all(work);
	while (began.size < committed.size) await pause(5);
	await worker.stop();
	await wakeUp.stop();
	await probe.end();
	const waits = [...committed].map(([runId, at]) => Math.max(0, (began.get(runId) ?? Number.NaN) - at));
	return { waits: waits.sort((a, b) => a - b), trips: trips.sort((a, b) => a - b) };
}

async function drain({ url, deps }: Setting): Promise<number> {
	await query(url, "DELETE FROM job");
	await query(url, `INSERT INTO job (kind, payload) SELECT 'dispatch', '{}' FROM generate_series(1, ${DRAINED})`);
	let left = DRAINED;
	const began = performance.now();
	await new Promise<void>((resolve) => {
		const worker = startWorker(
			deps,
			handlersOf(() => {
				left -= 1;
				if (left === 0) resolve(worker.stop());
			}),
		);
	});
	return DRAINED / ((performance.now() - began) / 1_000);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
