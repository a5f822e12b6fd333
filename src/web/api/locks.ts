import { inScope } from "../../core/access.ts";
import { listLocks } from "../../store/list-locks.ts";
import { identifyToken, reachOf } from "../../use-cases/identify.ts";
import { lockEnvironment, unlockEnvironment } from "../../use-cases/lock-environment.ts";
import { problem, refusalReply } from "../problem.ts";
import { LockAnswer, listOf, TakenLockAnswer } from "./answers.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { placeNamed } from "./find-place.ts";
import { pageOf } from "./page-of.ts";
import { LocksQuery, NewLock, UnlockQuery, UnlockSaid, WholeUnlock } from "./schemas.ts";

export const lockEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "GET",
		path: "/locks",
		summary: "Environments that are held, by a person or by the run at work there",
		query: LocksQuery,
		answers: { 200: listOf(LockAnswer) },
		handle: async ({ deps, token, query }) => {
			const { project, environment } = query;
			const reach = reachOf(token);
			const all = (await listLocks(deps.db, deps.now()))
				.filter((held) => reach === null || inScope(reach, held))
				.filter((held) => project === undefined || held.project === project)
				.filter((held) => environment === undefined || held.environment === environment)
				.map((held) => ({
					...held,
					until: held.until?.toISOString() ?? null,
					createdAt: held.createdAt.toISOString(),
				}));
			const page = pageOf(all, query, (held) => `${held.project}/${held.environment}/${held.heldBy}`);
			return page.ok ? { status: 200, body: page.value } : refusalReply(page.refusal);
		},
	}),
	endpoint({
		method: "POST",
		path: "/locks",
		summary: "Lock an environment, or change one's own lock: what is not said of it stays",
		body: NewLock,
		answers: { 201: TakenLockAnswer },
		handle: async ({ deps, token, body }) => {
			const place = await placeNamed(deps, body);
			if (!place.ok) return refusalReply(place.refusal);
			const outcome = await lockEnvironment(deps, await identifyToken(deps, token), place.value, {
				forMs: body.for ?? null,
				reason: body.reason ?? null,
				steal: body.steal ?? null,
			});
			if (!outcome.ok) return refusalReply(outcome.refusal);
			const { lock, stolenFrom } = outcome.value;
			return {
				status: 201,
				body: {
					project: place.value.project.slug,
					environment: place.value.environment.slug,
					heldBy: "person",
					person: lock.person,
					run: null,
					reason: lock.reason,
					until: lock.until?.toISOString() ?? null,
					createdAt: lock.createdAt.toISOString(),
					stolenFrom: stolenFrom?.person ?? null,
				},
			};
		},
	}),
	endpoint({
		method: "DELETE",
		path: "/locks",
		summary: "Unlock an environment; the owner of the lock is told when it is not theirs",
		query: UnlockQuery,
		body: UnlockSaid,
		answers: { 204: null },
		handle: async ({ deps, token, query, body }) => {
			const named = WholeUnlock.safeParse({ ...body, ...query });
			if (!named.success)
				return problem(422, "invalid_query", "Name the environment: ?project=…&environment=…, or the same as JSON.");
			const place = await placeNamed(deps, named.data);
			if (!place.ok) return refusalReply(place.refusal);
			const caller = await identifyToken(deps, token);
			const outcome = await unlockEnvironment(deps, caller, place.value, named.data.reason ?? null);
			return outcome.ok ? { status: 204 } : refusalReply(outcome.refusal);
		},
	}),
];
