import { done } from "../../core/refusal.ts";
import type { Answer } from "../../ports/front.ts";
import { runById } from "../../store/runs.ts";
import { handleCommand } from "../../use-cases/handle-command.ts";
import { identifyToken, reachOf } from "../../use-cases/identify.ts";
import { problem } from "../problem.ts";
import { CommandAnswer } from "./answers.ts";
import { type Call, type Endpoint, endpoint } from "./endpoint.ts";
import { oneRunJson } from "./run-json.ts";
import { SaidCommand } from "./schemas.ts";

type Said = Call<unknown, { text: string; as?: string | undefined }>;

export const commandEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "POST",
		path: "/commands",
		summary: "Say a command in the words of the chat; a refusal is an answer (200, outcome `refused`)",
		body: SaidCommand,
		answers: { 200: CommandAnswer },
		handle: async (call) => {
			const { deps, body, token } = call;
			if (body.as !== undefined && !deps.localMode)
				return problem(422, "not_local", "Speaking as somebody else is for local mode alone.");
			// Whoever speaks as anybody has everybody's rights.
			if (body.as !== undefined && (token.role !== "admin" || token.projects !== null))
				return problem(403, "no_right", "Speaking as a sample person takes a token with the role admin, everywhere.");
			const answer = await (body.as === undefined ? asOwner(call) : asSamplePerson(call, body.as));
			const run = answer.runId === null ? null : await runById(deps.db, answer.runId);
			return {
				status: 200,
				body: {
					outcome: answer.outcome,
					code: answer.code,
					text: answer.card.text,
					card: answer.card.blocks,
					runId: answer.runId,
					run: run === null ? null : await oneRunJson(deps, run),
				},
			};
		},
	}),
];

function asOwner({ deps, body, token, deliveryId }: Said): Promise<Answer> {
	return handleCommand(deps, {
		platform: "local",
		channel: null,
		thread: null,
		text: body.text,
		deliveryId,
		reach: reachOf(token),
		identify: async () => done(await identifyToken(deps, token)),
	});
}

function asSamplePerson({ front, body, deliveryId }: Said, person: string): Promise<Answer> {
	return front.command({
		platform: "local",
		tenant: "local",
		user: person,
		channel: null,
		thread: null,
		text: body.text,
		deliveryId,
	});
}
