import type { TriggerRequest } from "../../src/ports/pipeline.ts";
import type { Call } from "./client.ts";
import { repositoryOf } from "./repository.ts";

/**
 * Which branch or tag the workflow is read from; GitHub takes no SHA. What is deployed is the input SHA. Which of the two a name means
 * that is both is documented nowhere: then it is named in full.
 */
export async function dispatchRef(call: Call, { project, ref }: TriggerRequest): Promise<string> {
	if (ref.kind === "sha") return project.defaultRef;
	const [own, other] = ref.kind === "tag" ? ["tags", "heads"] : ["heads", "tags"];
	const answer = await call(
		"GET /repos/{owner}/{repo}/git/ref/{ref}",
		{ ...repositoryOf(project), ref: `${other}/${ref.name}` },
		{
			what: `${other}/${ref.name} of ${project.repository}`,
			refused: ({ status, headers }) => {
				if (status === 404) return { status, headers, data: null };
				// Whatever else GitHub has against the question, the dispatch itself it may take.
				return [400, 403, 409, 422].includes(status) && headers["retry-after"] === undefined
					? { status, headers, data: "untold" }
					: undefined;
			},
		},
	);
	// Of a name that is not there, an old server lists those that begin with it.
	const isAlone = answer.data === null || Array.isArray(answer.data);
	return isAlone ? ref.name : `refs/${own}/${ref.name}`;
}
