import { jobUrl, pipelineUrl, SITE } from "./answers.ts";
import type { FakeGitLabPipeline, FakeJob, FakeProject } from "./project.ts";

/** As webhooks write a time, other than the API does. */
function hookTime(at: Date | null): string | null {
	return at === null
		? null
		: at
				.toISOString()
				.replace("T", " ")
				.replace(/\.\d+Z$/, " UTC");
}

function projectOf(project: FakeProject) {
	return {
		...{ id: project.id, name: "Web shop", description: null, web_url: `${SITE}/${project.path}` },
		git_ssh_url: `git@gitlab.test:${project.path}.git`,
		git_http_url: `${SITE}/${project.path}.git`,
		...{ namespace: "Acme", visibility_level: 0, default_branch: "main" },
		path_with_namespace: project.path,
	};
}

const USER = { id: 7, name: "DRAVEN", username: "project_1_bot", email: "[REDACTED]" };

/** The body of a Pipeline Hook as it stands, or as `change` says. */
export function pipelineHook(project: FakeProject, pipeline: FakeGitLabPipeline, change: object = {}): string {
	const { id, iid, name, ref, tag, sha, source, status, variables, created_at, finished_at } = pipeline;
	return JSON.stringify({
		object_kind: "pipeline",
		object_attributes: {
			...{ id, iid, name, ref, tag, sha, before_sha: "0".repeat(40), source, status, detailed_status: status },
			...{ stages: ["deploy"], created_at: hookTime(created_at), finished_at: hookTime(finished_at) },
			...{ duration: finished_at === null ? null : 0, queued_duration: null, protected_ref: true },
			variables: Object.entries(variables).map(([key, value]) => ({ key, value })),
			url: pipelineUrl(project, pipeline),
			...change,
		},
		merge_request: null,
		user: USER,
		project: projectOf(project),
		commit: { id: sha, message: "Sell tea", title: "Sell tea" },
		builds: pipeline.jobs
			.filter((job) => !job.retried && job.downstream === null)
			.map((job) => ({
				...{ id: job.id, stage: job.stage, name: job.name, status: job.status, allow_failure: job.allow_failure },
				...{ created_at: hookTime(job.created_at), started_at: null, finished_at: null, duration: null },
				...{ queued_duration: null, failure_reason: job.failure_reason, when: "on_success", manual: false },
				...{ user: USER, runner: null, artifacts_file: { filename: null, size: null }, environment: null },
			})),
	});
}

/** The body of a Job Hook. Its `commit.id` is the pipeline's. */
export function jobHook(project: FakeProject, pipeline: FakeGitLabPipeline, job: FakeJob, change: object = {}): string {
	return JSON.stringify({
		object_kind: "build",
		...{ ref: pipeline.ref, tag: pipeline.tag, before_sha: "0".repeat(40), sha: pipeline.sha, retries_count: 0 },
		...{ build_id: job.id, build_name: job.name, build_stage: job.stage, build_status: job.status },
		...{ build_created_at: hookTime(job.created_at), build_allow_failure: job.allow_failure },
		...{ build_failure_reason: job.failure_reason ?? "unknown_failure", pipeline_id: pipeline.id, runner: null },
		...{ project_id: project.id, project_name: "Acme / Web shop", user: USER },
		commit: { id: pipeline.id, name: pipeline.name, sha: pipeline.sha, status: pipeline.status, duration: null },
		repository: {
			...{ name: "Web shop", url: `git@gitlab.test:${project.path}.git`, homepage: `${SITE}/${project.path}` },
			...{ git_http_url: `${SITE}/${project.path}.git`, git_ssh_url: `git@gitlab.test:${project.path}.git` },
		},
		project: projectOf(project),
		environment: null,
		...change,
	});
}

/** The body of a Deployment Hook: it names its job and no pipeline. */
export function deploymentHook(project: FakeProject, job: FakeJob, status: string, at: Date): string {
	return JSON.stringify({
		...{ object_kind: "deployment", status, status_changed_at: hookTime(at), deployment_id: job.id },
		...{ deployable_id: job.id, deployable_url: jobUrl(project, job), environment: "stage", environment_slug: "stage" },
		project: projectOf(project),
		...{ short_sha: "279484c0", user: USER, commit_title: "Sell tea" },
	});
}
