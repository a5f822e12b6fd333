import { RunnerPipeline } from "../../../adapters/runner/pipeline.ts";
import { FakeRunnerQueue } from "../../fakes/runner-queue.ts";
import { shaOf } from "../../fakes/sha-of.ts";
import { Workshop } from "../runner/workshop.ts";
import { COMMITS, type ContractSetting } from "./contract-setting.ts";
import { pipelineContract } from "./pipeline-contract.ts";

// It has no CI, no jobs to show, and sends its log itself.
pipelineContract("the runner", open, { ci: false, steps: false, log: false, http: false });

async function open(): Promise<ContractSetting> {
	const workshop = await Workshop.open();
	const queue = new FakeRunnerQueue();
	const { url } = await workshop.repository({ "deploy/run.sh": "#!/bin/sh\n" });
	await workshop.git(url, "checkout", "--quiet", "--orphan", "told");
	const shas: string[] = [];
	for (const { message, name, email } of COMMITS) {
		await workshop.git(url, "commit", "--quiet", "--allow-empty", `--author=${name} <${email}>`, "--message", message);
		shas.push(await workshop.git(url, "rev-parse", "HEAD"));
	}
	const [first = "", second = "", third = ""] = shas;
	await workshop.git(url, "branch", "--force", "main", third);
	await workshop.git(url, "tag", "--annotate", "--message", "First", "v1.0.0", first);
	await workshop.git(url, "checkout", "--quiet", "--detach");
	await workshop.git(url, "branch", "--delete", "--force", "told");
	return {
		port: new RunnerPipeline({ queue, env: workshop.env }),
		project: { repository: url, pipeline: "deploy/run.sh", defaultRef: "main" },
		...{ shas: [first, second, third], goneSha: shaOf("gone"), http: null },
		branch: async (name, sha) => void (await workshop.git(url, "branch", "--force", name, sha)),
		tag: async (name, sha) => void (await workshop.git(url, "tag", "--force", name, sha)),
		starts: (jobId) => (queue.works.has(jobId) ? 1 : 0),
		set: (jobId, status) => {
			if (status === "waiting") throw new Error("a runner waits for nobody");
			queue.works.set(jobId, { status, reason: null });
		},
		cancelAsked: (jobId) => queue.cancelled.has(jobId),
		loseAnswer: () => {
			const { offer } = queue;
			queue.offer = async (request) => {
				queue.offer = offer;
				await offer.call(queue, request);
				throw new Error("the connection to the database was lost");
			};
		},
		...{ refuse: null, check: null, step: null, writeLog: null },
		close: () => workshop.close(),
	};
}
