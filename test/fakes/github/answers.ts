import type { FakeCheck, FakeRepository, FakeRun } from "./state.ts";

/** A run as the API and the webhooks show it: `name` is the run-name too. */
export function runJson(repository: FakeRepository, run: FakeRun) {
	return {
		id: run.id,
		name: run.title,
		display_title: run.title,
		path: `.github/workflows/${run.file}`,
		event: run.event,
		status: run.status,
		conclusion: run.conclusion,
		run_attempt: run.run_attempt,
		head_sha: run.head_sha,
		head_branch: run.head_branch,
		check_suite_id: run.check_suite_id,
		created_at: run.created_at,
		html_url: `https://github.test/${repository.name}/actions/runs/${run.id}`,
		repository: { id: repository.id, full_name: repository.name },
	};
}

export function checkJson(check: FakeCheck) {
	return {
		id: check.id,
		name: check.name,
		head_sha: check.sha,
		status: check.status,
		conclusion: check.conclusion,
		details_url: check.detailsUrl,
		html_url: check.detailsUrl ?? `https://github.test/checks/${check.id}`,
		app: { slug: check.app },
		check_suite: check.suite === null ? null : { id: check.suite },
	};
}
