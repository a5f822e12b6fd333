import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";

/** Where the API keeps a project, by its path. Throws VendorError for what could lead anywhere else. */
export function projectPath({ repository }: Pick<PipelineProject, "repository">): string {
	const isPath = /^[\w.-]+(\/[\w.-]+)+$/.test(repository);
	if (!isPath || repository.split("/").some((part) => part === "." || part === ".."))
		throw new VendorError("rejected", `"${repository}" is no path of a GitLab project: write it like group/project.`);
	return `/projects/${encodeURIComponent(repository)}`;
}
