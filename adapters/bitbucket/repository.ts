import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";

/** Where `workspace/slug` lies below the API. Throws VendorError for what could lead anywhere else. */
export function repositoryPath({ repository }: Pick<PipelineProject, "repository">): string {
	const [, workspace, slug] = /^([\w.-]+)\/([\w.-]+)$/.exec(repository) ?? [];
	if (workspace === undefined || slug === undefined || isDots(workspace) || isDots(slug))
		throw new VendorError("rejected", `"${repository}" is no repository of Bitbucket: write workspace/slug.`);
	return `/repositories/${workspace}/${slug}`;
}

function isDots(segment: string): boolean {
	return segment === "." || segment === "..";
}

/** The page that people look at. */
export function pageOf({ repository }: Pick<PipelineProject, "repository">, path: string): string {
	return `https://bitbucket.org/${repository}${path}`;
}
