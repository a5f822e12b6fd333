import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { endOfLog, LOG_BYTES } from "../http/end-of-log.ts";
import { fetchLogFrom } from "../http/fetch-log.ts";
import { fromWholeLine, lastBytes } from "../http/last-bytes.ts";
import type { Answer, Call } from "./client.ts";
import { pipelinePath } from "./pipeline-run.ts";
import { repositoryPath } from "./repository.ts";
import { readStepStates } from "./steps.ts";

/** Each one is a call, or two. */
const STEPS = 20;
/** Only the end is kept, and only the end is asked for. */
const RANGE = { range: `bytes=-${LOG_BYTES}` };

/** Step after step. null: the pipeline is not known, or nothing is kept (any more). */
export async function readLog(
	call: Call,
	baseUrl: string,
	project: PipelineProject,
	uuid: string,
): Promise<readonly string[] | null> {
	const path = pipelinePath(repositoryPath(project), uuid);
	if (path === null) return null;
	const steps = (await readStepStates(call, project, uuid)).filter(({ hasRun }) => hasRun).slice(-STEPS);
	const lines: string[] = [];
	let found = false;
	for (const { id, name } of steps) {
		const text = await stepLog(call, baseUrl, `${path}/steps/${encodeURIComponent(id)}/log`, project, name);
		if (text === null) continue;
		found = true;
		const plain = text.split(/\r?\n/);
		if (plain.at(-1) === "") plain.pop();
		lines.push(`── ${name}`, ...plain);
	}
	return found ? endOfLog(lines) : null;
}

async function stepLog(
	call: Call,
	baseUrl: string,
	path: string,
	project: PipelineProject,
	step: string,
): Promise<string | null> {
	const what = `the log of the step "${step}" of ${project.repository}`;
	const answer = await call("GET", path, {
		what,
		// It is no JSON, and asked for as such it is refused.
		headers: { ...RANGE, accept: "*/*" },
		redirected: true,
		// Nothing was written, or it is not kept any more.
		refused: (refused) => ([404, 410, 416].includes(refused.status) ? { ...refused, data: null } : undefined),
	});
	const location = answer.headers.get("location");
	if (location !== null && answer.status >= 300 && answer.status < 400)
		return fetchLogFrom(location, { provider: "Bitbucket", baseUrl, what }, RANGE, async (response) =>
			wholeLines(await lastBytes(response), response),
		);
	return typeof answer.data === "string" ? wholeLines(answer.data, answer) : null;
}

/** A range may begin in the middle of a line. */
function wholeLines(text: string, { status, headers }: Pick<Answer, "status" | "headers">): string {
	const isCut = status === 206 && !/^bytes 0-/.test(headers.get("content-range") ?? "bytes 0-");
	return isCut ? fromWholeLine(text) : text;
}
