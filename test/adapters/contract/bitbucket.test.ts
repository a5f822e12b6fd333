import { randomUUID } from "node:crypto";
import { BitbucketPipeline } from "../../../adapters/bitbucket/pipeline.ts";
import type { PipelineStatus } from "../../../src/ports/pipeline.ts";
import type { FakeState } from "../../fakes/bitbucket/state.ts";
import { FakeBitbucket } from "../../fakes/bitbucket.ts";
import { shaOf } from "../../fakes/sha-of.ts";
import { COMMITS, type ContractSetting } from "./contract-setting.ts";
import { pipelineContract } from "./pipeline-contract.ts";

pipelineContract("Bitbucket", open, { ci: true, steps: true, log: true, http: true });

const over = (name: string): FakeState => ({ name: "COMPLETED", result: { name } });
/** As Bitbucket nests them. */
const WORDS: Readonly<Record<PipelineStatus, FakeState>> = {
	queued: { name: "PENDING" },
	running: { name: "IN_PROGRESS", stage: { name: "RUNNING" } },
	waiting: { name: "IN_PROGRESS", stage: { name: "PAUSED" } },
	succeeded: over("SUCCESSFUL"),
	failed: over("FAILED"),
	cancelled: over("STOPPED"),
	timed_out: over("EXPIRED"),
};
const CHECKS = { success: "SUCCESSFUL", failure: "FAILED", pending: "INPROGRESS" } as const;

async function open(): Promise<ContractSetting> {
	const bitbucket = await FakeBitbucket.open();
	const repository = bitbucket.repository("acme/web");
	const shas = [shaOf("one"), shaOf("two"), shaOf("three")] as const;
	for (const [n, commit] of COMMITS.entries()) repository.push(shas[n] ?? "", shas[n - 1] ?? null, commit);
	repository.branch("main", shas[2]);
	repository.tag("v1.0.0", shas[0], "The first one");
	const connect = (more: { baseUrl?: string; token?: string; withinMs?: number } = {}) =>
		new BitbucketPipeline({
			baseUrl: more.baseUrl ?? bitbucket.url,
			token: more.token ?? bitbucket.token,
			...(more.withinMs === undefined ? {} : { withinMs: more.withinMs }),
		});
	const { requests, url, token } = bitbucket;
	const triggering = /^POST .*\/pipelines$/;
	return {
		port: connect(),
		project: { repository: "acme/web", pipeline: "deploy", defaultRef: "main" },
		...{ shas, goneSha: shaOf("gone") },
		branch: (name, sha) => repository.branch(name, sha),
		tag: (name, sha) => repository.tag(name, sha),
		starts: (jobId) => repository.runsOf(jobId).length,
		set: (jobId, status) => repository.set(repository.runOf(jobId), WORDS[status]),
		cancelAsked: (jobId) => repository.runOf(jobId).stopAsked,
		loseAnswer: () => bitbucket.fault(triggering, "drop_answer"),
		refuse: () => void repository.custom.clear(),
		check: (sha, name, state) => void repository.status(sha, name, CHECKS[state]),
		step: (jobId, name, status) => void repository.runOf(jobId).steps.push(repository.step(name, WORDS[status])),
		writeLog: (jobId, lines) => {
			const [step] = repository.runOf(jobId).steps;
			if (step === undefined) throw new Error("it has no step");
			step.state = WORDS.succeeded;
			step.log = lines.map((line) => `${line}\n`).join("");
		},
		http: {
			...{ url, token, requests, connect, triggering },
			fault: (on, fault, times) => bitbucket.fault(on, fault, times),
			malformed: ["acme", "../web", "acme/..", "acme/web/x", "./web", `acme/${randomUUID()}?x=1`],
		},
		close: () => bitbucket.close(),
	};
}
