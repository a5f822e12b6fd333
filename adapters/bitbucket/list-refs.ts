import { pickRefs } from "../../src/core/pick-refs.ts";
import type { RefKind, ResolvedRef } from "../../src/core/run.ts";
import type { PipelineProject } from "../../src/ports/pipeline.ts";
import type { Call } from "./client.ts";
import { readPages } from "./pages.ts";
import { repositoryPath } from "./repository.ts";
import { Ref } from "./resolve-ref.ts";

/** A picker waits for this, and asks for what was typed. */
const PAGES = 2;

/** What a picker shows of the names that contain the query; Bitbucket looks for them itself. */
export async function listRefs(call: Call, project: PipelineProject, query: string): Promise<readonly ResolvedRef[]> {
	const [tags, branches] = await Promise.all([
		refsOf(call, project, "tag", query.trim()),
		refsOf(call, project, "branch", query.trim()),
	]);
	return pickRefs({ tags, branches }, query, project.defaultRef);
}

async function refsOf(
	call: Call,
	project: PipelineProject,
	kind: Exclude<RefKind, "sha">,
	query: string,
): Promise<ResolvedRef[]> {
	const folder = kind === "tag" ? "tags" : "branches";
	const wanted = query === "" ? {} : { q: `name ~ "${query.replace(/["\\]/g, "\\$&")}"` };
	const found = await readPages(
		call,
		`${repositoryPath(project)}/refs/${folder}`,
		{
			what: `the ${folder} of ${project.repository}`,
			// High versions of tags come first.
			query: { ...wanted, sort: kind === "tag" ? "-name" : "name" },
			canWait: true,
		},
		{ item: Ref, most: PAGES },
	);
	return (found?.items ?? []).flatMap(({ name, target }) => (target == null ? [] : [{ name, kind, sha: target.hash }]));
}
