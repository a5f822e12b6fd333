import { may } from "../../core/access.ts";
import { refusal } from "../../core/refusal.ts";
import type { Deps } from "../../deps.ts";
import type { ApiTokenRow } from "../../store/entities.ts";
import { identifyToken } from "../../use-cases/identify.ts";
import { isAtWork, lastVerification, startVerification, type Verification } from "../../use-cases/verify-trail.ts";
import { rightRefusal } from "../../words/refusal-words.ts";
import { type Reply, refusalReply } from "../problem.ts";
import { VerificationAnswer } from "./answers.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";

const EVERYWHERE = { project: "*", environment: "*" };

export const verificationEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "POST",
		path: "/audit/verification",
		summary: "Begin to verify the whole trail; while that is at work, it is told of and none is begun",
		answers: { 200: VerificationAnswer },
		handle: async ({ deps, token, dataDir }) =>
			(await seesNotAll(deps, token)) ?? told(deps, await startVerification(deps, dataDir)),
	}),
	endpoint({
		method: "GET",
		path: "/audit/verification",
		summary: "How the last verification of the trail stands",
		answers: { 200: VerificationAnswer },
		handle: async ({ deps, token }) => {
			const no = await seesNotAll(deps, token);
			if (no !== null) return no;
			const last = await lastVerification(deps.db);
			return last === null
				? refusalReply(refusal("unknown_verification", "The trail was not verified here yet: POST begins it."))
				: told(deps, last);
		},
	}),
];

/** It is of the whole trail: who sees a part of it is not told of the others. */
async function seesNotAll(deps: Deps, token: ApiTokenRow): Promise<Reply | null> {
	const { bindings, principal } = await identifyToken(deps, token);
	const right = may("view", bindings, principal, EVERYWHERE);
	return right.ok ? null : refusalReply(rightRefusal("view", EVERYWHERE, right));
}

function told({ now }: Deps, one: Verification): Reply {
	const { seenAt: _, ...rest } = one;
	const state = one.state === "running" && !isAtWork(one, now()) ? "failed" : one.state;
	return { status: 200, body: { ...rest, state, whole: state === "done" ? one.found === 0 : null } };
}
