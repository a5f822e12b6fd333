import { setTimeout as sleep } from "node:timers/promises";
import { Beat, Beaten, Claim, Finish, Lines, Work } from "../../ports/runner-protocol.ts";
import { addLog, beat, claimWork, finishWork, meetRunner } from "../../use-cases/runner-work.ts";
import { problem, type Reply } from "../problem.ts";
import { type Call, type Endpoint, endpoint } from "./endpoint.ts";
import { isUuid } from "./find-run.ts";

/** How often a runner that waits looks again: between it and the start of a run lies half of this. */
const LOOK_EVERY_MS = 400;
const MOST_LINES = 10_000_000;

export const runnerEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "POST",
		path: "/runner/claim",
		summary: "Take a piece of work; waits until there is one",
		token: "runner",
		body: Claim,
		answers: { 200: Work, 204: null },
		handle: claim,
	}),
	endpoint({
		method: "POST",
		path: "/runner/work/:id/heartbeat",
		summary: "Say that the work goes on",
		token: "runner",
		body: Beat,
		answers: { 200: Beaten },
		handle: ({ deps, token, id, body }) =>
			ofWork(id, async () => {
				const answer = await beat(deps, token, id, body);
				return answer === "lease_lost" ? answer : { status: 200, body: answer };
			}),
	}),
	endpoint({
		method: "POST",
		path: "/runner/work/:id/log",
		summary: "Add lines to the log",
		token: "runner",
		body: Lines.refine(({ from }) => from < MOST_LINES, { path: ["from"], message: "is too large" }),
		answers: { 204: null },
		// As long as one post of `draven runner` may be.
		bodyLimit: 10_000_000,
		anyText: true,
		handle: ({ deps, token, id, body }) =>
			ofWork(id, async () => ((await addLog(deps, token, id, body)) === "ok" ? { status: 204 } : "lease_lost")),
	}),
	endpoint({
		method: "POST",
		path: "/runner/work/:id/finish",
		summary: "Say how the work ended",
		token: "runner",
		body: Finish,
		answers: { 204: null },
		handle: ({ deps, token, id, body }) =>
			ofWork(id, async () => ((await finishWork(deps, token, id, body)) === "ok" ? { status: 204 } : "lease_lost")),
	}),
];

async function claim({ deps, token, body, gone }: Call<unknown, Claim>): Promise<Reply> {
	const until = performance.now() + body.waitSeconds * 1_000;
	await meetRunner(deps, token, body);
	// Never for a runner that has gone away: its work would lie until the lease is over, and fail.
	while (!gone.aborted) {
		const work = await claimWork(deps, token, body);
		if (work !== null) return { status: 200, body: work };
		const left = until - performance.now();
		if (left <= 0) break;
		await sleep(Math.min(left, LOOK_EVERY_MS), undefined, { signal: gone }).catch(() => undefined);
	}
	return { status: 204 };
}

/** An id that is none names no work, and neither does somebody else's: in each case it is not the caller's. */
async function ofWork(id: string, carryOut: () => Promise<Reply | "lease_lost">): Promise<Reply> {
	const reply = isUuid(id) ? await carryOut() : "lease_lost";
	return reply === "lease_lost" ? problem(409, "lease_lost", "This work is not yours (any more): stop it.") : reply;
}
