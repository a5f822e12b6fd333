import { z } from "zod";
import { pickRefs } from "../../src/core/pick-refs.ts";
import type { RefKind, ResolvedRef } from "../../src/core/run.ts";
import type { PipelineProject } from "../../src/ports/pipeline.ts";
import type { Call } from "./client.ts";
import { readPages } from "./pages.ts";
import { projectPath } from "./project-path.ts";

const Named = z.object({ name: z.string(), commit: z.object({ id: z.string() }).nullish() });

/** A picker waits for this; who types more finds what lies further back. */
const PAGES = 3;

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
	// ^, $ and * have a meaning of their own in a search, and no name can hold them but $.
	const search = /[\^$*]/.test(query) ? {} : { search: query };
	const { items } = await readPages(
		call,
		`${projectPath(project)}/repository/${folder}`,
		{ what: `the ${folder} of ${project.repository}`, query: query === "" ? {} : search },
		{ schema: Named, most: PAGES },
	);
	return items.flatMap(({ name, commit }) => (commit == null ? [] : [{ name, kind, sha: commit.id }]));
}
