import { Readable } from "node:stream";
import { evidencePack } from "../evidence-pack.ts";
import { refusalReply } from "../problem.ts";
import { EvidenceAnswer } from "./answers.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { findSeenRun } from "./find-run.ts";

export const evidenceEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "GET",
		path: "/runs/:id/evidence",
		summary:
			"All that an auditor needs of a run: verdict, approvals, what was shown, its hashed entries, the whole log",
		answers: { 200: EvidenceAnswer },
		handle: async (call) => {
			const found = await findSeenRun(call);
			if (!found.ok) return refusalReply(found.refusal);
			return {
				status: 200,
				body: Readable.from(evidencePack(call.deps, found.value)),
				headers: { "content-type": "application/json" },
			};
		},
	}),
];
