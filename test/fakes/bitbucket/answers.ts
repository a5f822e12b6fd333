import type { FakePipelineRun, FakeRepository, FakeStatus, FakeStep } from "./state.ts";

const API = "https://api.bitbucket.org/2.0";

export function repositoryJson(repository: FakeRepository) {
	return {
		type: "repository",
		uuid: repository.uuid,
		full_name: repository.name,
		name: repository.name.split("/")[1],
		mainbranch: { type: "branch", name: "main" },
		is_private: true,
		links: { html: { href: `https://bitbucket.org/${repository.name}` } },
	};
}

export function pipelineJson(repository: FakeRepository, run: FakePipelineRun) {
	return {
		type: "pipeline",
		uuid: run.uuid,
		build_number: run.build_number,
		run_number: run.run_number,
		target: run.target,
		trigger: { name: "MANUAL", type: "pipeline_trigger_manual" },
		state: run.state,
		// What is secured reads back without its value.
		variables: run.variables.map(({ key, value, secured }) => (secured ? { key, secured } : { key, value, secured })),
		created_on: run.created_on,
		repository: { type: "repository", uuid: repository.uuid, full_name: repository.name },
		links: { self: { href: `${API}/repositories/${repository.name}/pipelines/${run.uuid}` } },
	};
}

export function stepJson(step: FakeStep) {
	return { type: "pipeline_step", uuid: step.uuid, name: step.name, state: step.state, run_number: 1 };
}

export function statusJson(repository: FakeRepository, status: FakeStatus) {
	const { sha, ...said } = status;
	return {
		type: "build",
		...said,
		description: "",
		created_on: status.updated_on,
		repository: { type: "repository", uuid: repository.uuid, full_name: repository.name },
		commit: { type: "commit", hash: sha, date: status.updated_on },
		links: { commit: { href: `${API}/repositories/${repository.name}/commit/${sha}` } },
	};
}

export function commitJson(repository: FakeRepository, sha: string) {
	const commit = repository.commit(sha);
	return {
		type: "commit",
		hash: sha,
		message: `${commit?.message ?? ""}\n`,
		date: "2026-01-01T10:00:00+00:00",
		author: {
			type: "author",
			raw: `${commit?.name} <${commit?.email}>`,
			...(commit?.account === undefined
				? {}
				: { user: { type: "user", uuid: `{${commit.account}}`, nickname: "ada", display_name: "Ada" } }),
		},
		parents: commit?.parent == null ? [] : [{ type: "commit", hash: commit.parent }],
	};
}
