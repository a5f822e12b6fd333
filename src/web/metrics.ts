import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { countRunsByState, oldestDueAge } from "../store/gauges.ts";
import { countJobs } from "../store/jobs.ts";
import type { WebServerContext } from "./server.ts";

export interface Metrics {
	text(): Promise<{ readonly type: string; readonly body: string }>;
	/** `route` is the pattern, never the path: paths are without number. */
	request(method: string, route: string, status: number, seconds: number): void;
	webhook(
		provider: string,
		result: "taken" | "seen_before" | "ignored" | "bad_signature" | "too_large" | "busy" | "too_slow" | "failed",
	): void;
}

export function createMetrics({ deps, log }: Pick<WebServerContext, "deps" | "log">): Metrics {
	const registry = new Registry();
	const registers = [registry];
	collectDefaultMetrics({ register: registry });

	/** A database that is away must not hide what the process itself can say. */
	const fromDatabase = (read: () => Promise<void>) => () =>
		read().catch((error: unknown) => log.warn({ err: error }, "a gauge could not be read"));

	new Gauge({
		name: "draven_runs",
		help: "Runs by state.",
		labelNames: ["state"],
		registers,
		async collect() {
			await fromDatabase(async () => {
				this.reset();
				for (const { state, count } of await countRunsByState(deps.db)) this.set({ state }, count);
			})();
		},
	});
	new Gauge({
		name: "draven_jobs",
		help: "Jobs that wait, and jobs that were given up.",
		labelNames: ["state"],
		registers,
		async collect() {
			await fromDatabase(async () => {
				this.reset();
				const { waiting, dead } = await countJobs(deps.db);
				this.set({ state: "waiting" }, waiting);
				this.set({ state: "dead" }, dead);
			})();
		},
	});
	new Gauge({
		name: "draven_job_oldest_due_seconds",
		help: "For how long the oldest job has been due; it grows when nothing works on them.",
		registers,
		async collect() {
			await fromDatabase(async () => {
				this.reset();
				this.set(await oldestDueAge(deps.db, deps.now()));
			})();
		},
	});
	const durations = new Histogram({
		name: "draven_http_request_seconds",
		help: "How long requests took, by route.",
		labelNames: ["method", "route", "status"],
		buckets: [0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10, 30],
		registers,
	});
	const webhooks = new Counter({
		name: "draven_webhooks_total",
		help: "Deliveries of pipeline providers, by what became of them.",
		labelNames: ["provider", "result"],
		registers,
	});

	return {
		text: async () => ({ type: registry.contentType, body: await registry.metrics() }),
		request: (method, route, status, seconds) => durations.observe({ method, route, status }, seconds),
		webhook: (provider, result) => webhooks.inc({ provider, result }),
	};
}
