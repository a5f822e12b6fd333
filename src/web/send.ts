import type { FastifyReply } from "fastify";
import { PROBLEM_TYPE, type Reply } from "./problem.ts";

export function send(reply: FastifyReply, { status, body, headers }: Reply): FastifyReply {
	reply.code(status).headers({ "cache-control": "no-store", ...headers });
	// As bytes, or the framework would add a charset to the media type, which has none.
	return reply.send(headers?.["content-type"] === PROBLEM_TYPE ? Buffer.from(JSON.stringify(body)) : body);
}
