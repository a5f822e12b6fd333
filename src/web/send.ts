import type { FastifyReply } from "fastify";
import type { Reply } from "./problem.ts";

export function send(reply: FastifyReply, { status, body, headers }: Reply): FastifyReply {
	reply.code(status).headers({ "cache-control": "no-store", ...headers });
	return reply.send(body);
}
