import { GitLabPipeline } from "../../../adapters/gitlab/pipeline.ts";
import type { PipelineStatus } from "../../../src/ports/pipeline.ts";
import { FakeGitLab } from "../../fakes/gitlab.ts";
import { shaOf } from "../../fakes/sha-of.ts";
import { COMMITS, type ContractSetting } from "./contract-setting.ts";
import { pipelineContract } from "./pipeline-contract.ts";

const HAS = { ci: true, steps: true, log: true, http: true };
pipelineContract("GitLab (variables)", () => open("variables", ""), HAS);
pipelineContract("GitLab below a path (inputs)", () => open("inputs", "/gitlab"), HAS);

/** As GitLab calls them; a timeout is told by the job's reason. */
const WORDS: Readonly<Record<PipelineStatus, string>> = {
	...{ queued: "pending", running: "running", waiting: "manual", succeeded: "success" },
	...{ failed: "failed", cancelled: "canceled", timed_out: "failed" },
};

async function open(mode: "variables" | "inputs", subpath: string): Promise<ContractSetting> {
	const gitlab = await FakeGitLab.open(subpath);
	const project = gitlab.project("acme/group/web");
	const shas = [shaOf("one"), shaOf("two"), shaOf("three")] as const;
	for (const [n, commit] of COMMITS.entries()) project.push(shas[n] ?? "", shas[n - 1] ?? null, commit);
	project.branch("main", shas[2]);
	project.annotatedTag("v1.0.0", shas[0]);
	if (mode === "inputs") {
		project.inputs = ["JOB_ID", "ENV", "REF", "SHA", "TYPE"];
		project.variablesRole = "no_one_allowed";
		project.workflowName = (values) => `${values["TYPE"]} ${values["REF"]} to ${values["ENV"]} (${values["JOB_ID"]})`;
	}
	const connect = (more: { baseUrl?: string; token?: string; withinMs?: number } = {}) =>
		new GitLabPipeline({ baseUrl: gitlab.url, token: gitlab.token, mode, ...more });
	const { requests, url, token } = gitlab;
	return {
		port: connect(),
		project: { repository: "acme/group/web", pipeline: "", defaultRef: "main" },
		...{ shas, goneSha: shaOf("gone") },
		branch: (name, sha) => project.branch(name, sha),
		tag: (name, sha) => project.tag(name, sha),
		starts: (jobId) => project.runsOf(jobId).length,
		set: (jobId, status) =>
			project.set(project.runOf(jobId), WORDS[status], status === "timed_out" ? "job_execution_timeout" : null),
		cancelAsked: (jobId) => project.runOf(jobId).cancelRequested,
		loseAnswer: () => gitlab.fault(/POST .*\/pipeline$/, "drop_answer"),
		refuse: () => {
			project.makesJobs = false;
		},
		check: (sha, name, state) =>
			project.status(sha, name, { success: "success", failure: "failed", pending: "running" }[state]),
		step: (jobId, name, status) => void project.job(project.runOf(jobId), name, WORDS[status]),
		writeLog: (jobId, lines) => {
			const [job] = project.runOf(jobId).jobs;
			if (job !== undefined) job.trace = lines.map((line) => `${line}\n`).join("");
		},
		http: {
			...{ url, token, requests, connect },
			triggering: /^POST .*\/pipeline$/,
			fault: (on, fault, times) => gitlab.fault(on, fault, times),
			malformed: ["acme", "../web", "acme/..", "acme/./web", "/acme/web", "acme/web/", "acme/web?x=1", "acme//web"],
		},
		close: () => gitlab.close(),
	};
}
