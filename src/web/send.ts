import type { FastifyReply } from "fastify";
import { PROBLEM_TYPE, type Reply } from "./problem.ts";

export function send(reply: FastifyReply, { status, body, headers, secret }: Reply): FastifyReply {
	reply.code(status).headers({ "cache-control": "no-store", ...headers });
	if (secret !== undefined) return reply.send({ ...(body as object), ...secret });
	// As bytes, or the framework would add a charset to the media type, which has none.
	return reply.send(headers?.["content-type"] === PROBLEM_TYPE ? Buffer.from(JSON.stringify(body)) : body);
}
