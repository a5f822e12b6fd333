import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { canonicalJson } from "../../core/canonical-json.ts";
import type { Deps } from "../../deps.ts";
import type { ApiTokenRow } from "../../store/entities.ts";
import { giveKeyBack, keepAnswer, keptAnswer, type TakenKey, takeKey } from "../../store/idempotent-answers.ts";
import type { Sql } from "../../store/runs.ts";
import { problem, type Reply } from "../problem.ts";
import type { Call } from "./endpoint.ts";

/** How long the second of two equal requests waits for the answer of the first; longer than its lease, so that it can take it up. */
const WAIT_MS = 8_000;
const LOOK_EVERY_MS = 100;

export interface KeyedRequest {
	readonly token: ApiTokenRow;
	/** As the caller chose it. */
	readonly key: string;
	/** All that makes it this request and no other. */
	readonly request: unknown;
}

/** Carries out a request with an Idempotency-Key once; every later one with the same key gets the same answer. */
export async function once(
	deps: Deps,
	{ token, key, request }: KeyedRequest,
	carryOut: (named: Pick<Call<unknown, unknown>, "deliveryId" | "settle">) => Promise<Reply>,
): Promise<Reply> {
	if (!/^[\x21-\x7e]{1,255}$/.test(key))
		return problem(422, "invalid_idempotency_key", "An Idempotency-Key has 1 to 255 printable characters, no spaces.");
	const name = { tokenId: token.id, key };
	const hash = createHash("sha256").update(canonicalJson(request)).digest("hex");
	const taken = await takeOrWait(() => takeKey(deps.db, name, hash, deps.now()));
	if (taken.kind !== "mine") return answerOf(taken);
	let settled: Reply | null = null;
	const settle = async (tx: Sql, reply: Reply) => {
		const { status, secret: _, ...answer } = reply;
		const isKept = await keepAnswer(tx, name, status, answer);
		if (isKept) settled = reply;
		return isKept;
	};
	// With the time of the first try: a key that is used again after its answer is forgotten is a new request.
	const deliveryId = `api:${token.id}:${key}:${taken.since.getTime()}`;
	const reply = await carryOut({ deliveryId, settle });
	// A throw does not come here: its key waits for its lease, because nobody knows how far the request came.
	if (reply.status >= 500) {
		await giveKeyBack(deps.db, name, taken.triedAt);
		return reply;
	}
	// What this try wrote together with its effect; only here it has its secret, which is kept nowhere.
	if (reply === settled) return reply;
	if (await settle(deps.db, reply)) return reply;
	// Answered already: by the handler itself, or by another try that was faster. That answer is the one.
	const kept = await keptAnswer(deps.db, name);
	return kept === null ? reply : answerOf({ kind: "answered", ...kept });
}

function answerOf(taken: Exclude<TakenKey, { kind: "mine" }>): Reply {
	switch (taken.kind) {
		case "answered":
			return { status: taken.status, ...(taken.answer as Pick<Reply, "body" | "headers">) };
		case "other_request":
			return problem(422, "idempotency_key_reused", "This Idempotency-Key stands for another request.");
		case "in_progress":
			return problem(409, "in_progress", "The first request with this key is still at work.", { "retry-after": "1" });
		default:
			return taken satisfies never;
	}
}

async function takeOrWait(take: () => Promise<TakenKey>): Promise<TakenKey> {
	const until = performance.now() + WAIT_MS;
	for (;;) {
		const taken = await take();
		if (taken.kind !== "in_progress" || performance.now() >= until) return taken;
		await sleep(LOOK_EVERY_MS);
	}
}
