import type { FakeGitLabPipeline, FakeJob, FakeProject } from "./project.ts";

export const SITE = "https://gitlab.test";

export function pipelineUrl(project: FakeProject, pipeline: Pick<FakeGitLabPipeline, "id">): string {
	return `${SITE}/${project.path}/-/pipelines/${pipeline.id}`;
}

export function jobUrl(project: FakeProject, job: Pick<FakeJob, "id">): string {
	return `${SITE}/${project.path}/-/jobs/${job.id}`;
}

/** A pipeline as lists show it. */
export function pipelineRow(project: FakeProject, pipeline: FakeGitLabPipeline) {
	const { id, iid, ref, sha, source, status, name, created_at, updated_at } = pipeline;
	return {
		...{ id, iid, project_id: project.id, sha, ref, status, source, created_at, updated_at, name },
		web_url: pipelineUrl(project, pipeline),
	};
}

export function pipelineJson(project: FakeProject, pipeline: FakeGitLabPipeline) {
	const { finished_at, tag, yaml_errors, status } = pipeline;
	return {
		...pipelineRow(project, pipeline),
		...{ before_sha: "0".repeat(40), tag, yaml_errors, finished_at, duration: null, coverage: null },
		detailed_status: { text: status, label: status, group: status },
	};
}

export function jobJson(project: FakeProject, pipeline: FakeGitLabPipeline, job: FakeJob) {
	const { id, name, stage, status, allow_failure, failure_reason, created_at, downstream } = job;
	return {
		...{ id, name, stage, status, allow_failure, created_at, started_at: null, finished_at: null },
		...(failure_reason === null ? {} : { failure_reason }),
		pipeline: { id: pipeline.id, project_id: project.id, ref: pipeline.ref, sha: pipeline.sha },
		web_url: jobUrl(project, job),
		...(downstream === null
			? {}
			: {
					downstream_pipeline: {
						...{ id: downstream.id, status: downstream.status, web_url: pipelineUrl(project, downstream) },
					},
				}),
	};
}

export function commitJson(project: FakeProject, sha: string) {
	const { message, name, email, parent } = project.commits.get(sha) ?? {
		message: "",
		name: "",
		email: "",
		parent: null,
	};
	return {
		...{ id: sha, short_id: sha.slice(0, 8), title: message.split("\n")[0], message },
		...{ author_name: name, author_email: email, parent_ids: parent === null ? [] : [parent] },
		web_url: `${SITE}/${project.path}/-/commit/${sha}`,
	};
}

export function projectJson(project: FakeProject) {
	return {
		id: project.id,
		path_with_namespace: project.path,
		default_branch: "main",
		archived: project.archived,
		web_url: `${SITE}/${project.path}`,
		ci_pipeline_variables_minimum_override_role: project.variablesRole,
		permissions: { project_access: { access_level: project.accessLevel }, group_access: null },
	};
}
