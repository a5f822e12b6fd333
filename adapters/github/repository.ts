import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";

export interface Repository {
	readonly owner: string;
	readonly repo: string;
}

/** `owner/name`, as it goes into a path. Throws VendorError for what could lead anywhere else. */
export function repositoryOf(project: Pick<PipelineProject, "repository">): Repository {
	const [, owner, repo] = /^([\w.-]+)\/([\w.-]+)$/.exec(project.repository) ?? [];
	if (owner === undefined || repo === undefined || isDots(owner) || isDots(repo))
		throw new VendorError("rejected", `"${project.repository}" is no repository of GitHub: write owner/name.`);
	return { owner, repo };
}

function isDots(segment: string): boolean {
	return segment === "." || segment === "..";
}
