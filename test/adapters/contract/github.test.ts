import { randomUUID } from "node:crypto";
import { GitHubPipeline } from "../../../adapters/github/pipeline.ts";
import type { PipelineStatus } from "../../../src/ports/pipeline.ts";
import { FakeGitHub } from "../../fakes/github.ts";
import { shaOf } from "../../fakes/sha-of.ts";
import { COMMITS, type ContractSetting } from "./contract-setting.ts";
import { pipelineContract } from "./pipeline-contract.ts";

pipelineContract("GitHub", open, { ci: true, steps: true, log: true, http: true });

/** As GitHub calls them: status, and conclusion. */
const WORDS: Readonly<Record<PipelineStatus, readonly [status: string, conclusion: string | null]>> = {
	queued: ["queued", null],
	running: ["in_progress", null],
	waiting: ["waiting", null],
	succeeded: ["completed", "success"],
	failed: ["completed", "failure"],
	cancelled: ["completed", "cancelled"],
	timed_out: ["completed", "timed_out"],
};

async function open(): Promise<ContractSetting> {
	const github = await FakeGitHub.open();
	const repository = github.repository("acme/web");
	const shas = [shaOf("one"), shaOf("two"), shaOf("three")] as const;
	for (const [n, commit] of COMMITS.entries()) repository.push(shas[n] ?? "", shas[n - 1] ?? null, commit);
	repository.branch("main", shas[2]);
	repository.annotatedTag("v1.0.0", shas[0]);
	repository.workflow("deploy.yml");
	const connect = (more: { baseUrl?: string; token?: string; withinMs?: number } = {}) =>
		new GitHubPipeline({
			baseUrl: more.baseUrl ?? github.url,
			auth: { token: more.token ?? github.token },
			...(more.withinMs === undefined ? {} : { withinMs: more.withinMs }),
		});
	const { requests, url, token } = github;
	return {
		port: connect(),
		project: { repository: "acme/web", pipeline: "deploy.yml", defaultRef: "main" },
		...{ shas, goneSha: shaOf("gone") },
		branch: (name, sha) => repository.branch(name, sha),
		tag: (name, sha) => repository.tag(name, sha),
		starts: (jobId) => repository.runsOf(jobId).length,
		set: (jobId, status) => repository.set(repository.runOf(jobId), ...WORDS[status]),
		cancelAsked: (jobId) => repository.runOf(jobId).cancelRequested,
		loseAnswer: () => github.fault(/dispatches/, "drop_answer"),
		refuse: () => void repository.workflow("deploy.yml", { dispatch: false }),
		check: (sha, name, state) => void repository.check(sha, name, state === "pending" ? null : state),
		step: (jobId, name, status) => {
			const [state, conclusion] = WORDS[status];
			repository.runOf(jobId).jobs[0]?.steps.push({ name, status: state, conclusion });
		},
		writeLog: (jobId, lines) => {
			const [job] = repository.runOf(jobId).jobs;
			if (job !== undefined)
				job.log = github.keep(lines.map((line) => `2026-01-01T10:00:00.0000000Z ${line}\n`).join(""));
		},
		http: {
			...{ url, token, requests, connect },
			triggering: /^POST .*\/dispatches$/,
			fault: (on, fault, times) => github.fault(on, fault, times),
			malformed: ["acme", "../web", "acme/..", "acme/web/x", "./web", `acme/${randomUUID()}?x=1`],
		},
		close: () => github.close(),
	};
}
