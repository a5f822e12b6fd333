import { z } from "zod";

/** Whatever is missing or of another type is null: recorded payloads have all of it. */
const text = z
	.string()
	.nullish()
	.catch(null)
	.transform((value) => value ?? null);
const Id = z.union([z.number().int().positive(), z.bigint()]).transform(String);

const Place = {
	project: z.object({ path_with_namespace: text, git_ssh_url: text, web_url: text }).nullish().catch(null),
	repository: z.object({ git_ssh_url: text, url: text, homepage: text }).nullish().catch(null),
};
type Place = z.infer<z.ZodObject<typeof Place>>;

const Build = z.object({
	id: z.number().catch(0),
	name: text.transform((name) => name ?? "a job"),
	status: text,
	failure_reason: text,
	allow_failure: z.boolean().nullish().catch(null),
	created_at: text,
});

export const PipelineBody = z.object({
	object_kind: z.literal("pipeline"),
	object_attributes: z.object({
		id: Id,
		...{ name: text, status: text, source: text, ref: text, created_at: text, url: text },
		variables: z
			.array(z.object({ key: text, value: text }))
			.nullish()
			.catch(null),
	}),
	builds: z.array(Build).nullish().catch(null),
	...Place,
});
export type PipelineBody = z.infer<typeof PipelineBody>;

export const JobBody = z.object({
	object_kind: z.literal("build"),
	pipeline_id: Id.nullish().catch(null),
	build_id: Id.nullish().catch(null),
	build_status: text,
	/** Called so, and the pipeline it is. */
	commit: z.object({ id: Id }).nullish().catch(null),
	...Place,
});
export type JobBody = z.infer<typeof JobBody>;

export const DeploymentBody = z.object({ object_kind: z.literal("deployment"), status: text });
export type DeploymentBody = z.infer<typeof DeploymentBody>;

/** The project's path. Addresses of the web may hold the path below which GitLab lives, so git's own come first. */
export function repositoryIn({ project, repository }: Place): string | null {
	if (project?.path_with_namespace) return project.path_with_namespace;
	for (const url of [project?.git_ssh_url, repository?.git_ssh_url, repository?.url]) {
		const [, path] = /^(?:ssh:\/\/[^/]+\/|[^/:]+@[^/:]+:)([\w./-]+?)(?:\.git)?$/.exec(url ?? "") ?? [];
		if (path !== undefined) return path;
	}
	const web = project?.web_url ?? repository?.homepage ?? "";
	return URL.canParse(web) ? new URL(web).pathname.replace(/^\/|\/$/g, "") || null : null;
}
