import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { problem, type Reply } from "./problem.ts";

/** A bug, or a database that is away: the caller gets a short id, the log gets the rest under the same id. */
export function unexpected(log: Logger, error: unknown, what: string): Reply {
	const id = randomBytes(4).toString("hex");
	log.error({ id, err: error }, `a request failed: ${what}`);
	return problem(500, "internal", `Something went wrong here. The log tells more under ${id}.`);
}
