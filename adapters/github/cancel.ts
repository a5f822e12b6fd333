import type { PipelinePort } from "../../src/ports/pipeline.ts";
import type { Call } from "./client.ts";
import { repositoryOf } from "./repository.ts";

/**
 * GitHub gives jobs five minutes to stop. What goes on after that says so itself, by a condition like always(): it is stopped by force
 * before it is given up here, because the environment is free then.
 */
const FORCE_AFTER_MS = 6 * 60_000;
const KEPT = 500;

/** Asks GitHub to stop a run; asked again for long, by force. When it was first asked is kept in memory: a restart makes it later. */
export function canceller(call: Call, now: () => Date): PipelinePort["cancel"] {
	const firstAsked = new Map<string, number>();
	return async (project, id) => {
		const at = now().getTime();
		const first = firstAsked.get(id) ?? at;
		const how = at - first < FORCE_AFTER_MS ? "cancel" : "force-cancel";
		const answer = await call(
			`POST /repos/{owner}/{repo}/actions/runs/{id}/${how}`,
			{ ...repositoryOf(project), id },
			{
				what: `the cancel of the run ${id} of ${project.repository}`,
				// It is over already; or the server is an older one, which knows no force.
				refused: ({ status, headers }) =>
					status === 409 || (status === 404 && how === "force-cancel") ? { status, headers, data: null } : undefined,
			},
		);
		firstAsked.delete(id);
		if (answer.status !== 409) firstAsked.set(id, first);
		const [oldest] = firstAsked.keys();
		if (firstAsked.size > KEPT && oldest !== undefined) firstAsked.delete(oldest);
	};
}
