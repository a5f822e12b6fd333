import { FakePipeline } from "../../fakes/pipeline.ts";
import { shaOf } from "../../fakes/sha-of.ts";
import { COMMITS, type ContractSetting } from "./contract-setting.ts";
import { pipelineContract } from "./pipeline-contract.ts";

pipelineContract("the fake pipeline", open, { ci: true, steps: true, log: true, http: false });

async function open(): Promise<ContractSetting> {
	const port = new FakePipeline();
	port.obeysCancel = false;
	const shas = [shaOf("one"), shaOf("two"), shaOf("three")] as const;
	for (const [n, { message, name, email }] of COMMITS.entries()) {
		const [title = ""] = message.split("\n");
		port.push({ sha: shas[n] ?? "", title, author: { name, email, login: null } });
	}
	port.branch("main", shas[2]);
	port.tag("v1.0.0", shas[0]);
	const goneSha = shaOf("gone");
	port.gone.add(goneSha);
	const checks: { sha: string; name: string; state: "success" | "failure" | "pending"; url: null }[] = [];
	port.checksOf = (sha) => checks.filter((check) => check.sha === sha);
	const idOf = (jobId: string) => port.runOf(jobId).externalId;
	return {
		...{ port, shas, goneSha, http: null },
		project: { repository: "acme/web", pipeline: "deploy.yml", defaultRef: "main" },
		branch: (name, sha) => port.branch(name, sha),
		tag: (name, sha) => port.tag(name, sha),
		starts: (jobId) => port.startsOf(jobId),
		set: (jobId, status) => void port.set(jobId, status),
		cancelAsked: (jobId) => port.runOf(jobId).cancelRequested,
		loseAnswer: () => void port.faults.push("answer_lost"),
		refuse: () => void port.faults.push("rejected"),
		check: (sha, name, state) => void checks.push({ sha, name, state, url: null }),
		step: (jobId, name, status) => {
			const before = port.stepsOf.get(idOf(jobId)) ?? [];
			port.stepsOf.set(idOf(jobId), [...before, { id: `${before.length}`, name, status, url: null }]);
		},
		writeLog: (jobId, lines) => void port.logOf.set(idOf(jobId), lines),
		close: async () => {},
	};
}
