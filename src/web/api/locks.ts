import { listLocks } from "../../store/list-locks.ts";
import { identifyToken } from "../../use-cases/identify.ts";
import { lockEnvironment, unlockEnvironment } from "../../use-cases/lock-environment.ts";
import { refusalReply } from "../problem.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { placeNamed } from "./find-place.ts";
import { NewLock, PlaceQuery } from "./schemas.ts";

export const lockEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "GET",
		path: "/locks",
		summary: "Environments that are held, by a person or by the run at work there",
		handle: async ({ deps }) => {
			const items = (await listLocks(deps.db, deps.now())).map((held) => ({
				...held,
				until: held.until?.toISOString() ?? null,
				createdAt: held.createdAt.toISOString(),
			}));
			return { status: 200, body: { items, next: null } };
		},
	}),
	endpoint({
		method: "POST",
		path: "/locks",
		summary: "Lock an environment, or lengthen one's own lock",
		body: NewLock,
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
					project: body.project,
					environment: body.environment,
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
		summary: "Unlock an environment",
		query: PlaceQuery,
		handle: async ({ deps, token, query }) => {
			const place = await placeNamed(deps, query);
			if (!place.ok) return refusalReply(place.refusal);
			const outcome = await unlockEnvironment(deps, await identifyToken(deps, token), place.value);
			return outcome.ok ? { status: 204 } : refusalReply(outcome.refusal);
		},
	}),
];
