import type { FastifyInstance } from "fastify";
import type { AppContext } from "./app.ts";
import { problem } from "./problem.ts";
import { send } from "./send.ts";

/** For those who keep it alive and look after it. */
export function addHealth(app: FastifyInstance, { ready, metrics, log }: AppContext): void {
	app.get("/healthz", async () => ({ status: "ok" }));
	app.get("/readyz", async (_request, reply) => {
		const answer = await ready().catch((error: unknown) => {
			log.warn({ err: error }, "readiness could not be told");
			return { ok: false, why: "Whether it is ready could not be told; the log says why." } as const;
		});
		return answer.ok ? { status: "ready" } : send(reply, problem(503, "not_ready", answer.why));
	});
	app.get("/metrics", async (_request, reply) => {
		const { type, body } = await metrics.text();
		return reply.header("content-type", type).send(body);
	});
}
