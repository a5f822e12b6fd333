import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { endOfLog } from "../http/end-of-log.ts";
import { lastBytes } from "../http/last-bytes.ts";
import type { Call } from "./client.ts";
import { repositoryOf } from "./repository.ts";
import { readJobs } from "./steps.ts";

const WITHIN_MS = 20_000;
/** Each one is two calls. */
const JOBS = 20;

/** Job after job. The log of one lies at another host, whose address GitHub gives for a minute. */
export async function readLog(call: Call, project: PipelineProject, id: string): Promise<readonly string[] | null> {
	const jobs = await readJobs(call, project, id);
	if (jobs === null) return null;
	const lines: string[] = [];
	let found = false;
	for (const job of jobs.filter(({ conclusion }) => conclusion !== "skipped").slice(-JOBS)) {
		const text = await jobLog(call, project, job.id);
		if (text === null) continue;
		found = true;
		// Each line begins with its time, to the tenth of a microsecond.
		const plain = text.split(/\r?\n/).map((line) => line.replace(/^\uFEFF?\d{4}-\d\d-\d\dT[\d:.]+Z /, ""));
		if (plain.at(-1) === "") plain.pop();
		lines.push(`── ${job.name}`, ...plain);
	}
	return found ? endOfLog(lines) : null;
}

async function jobLog(call: Call, project: PipelineProject, id: number): Promise<string | null> {
	const what = `the log of the job ${id} of ${project.repository}`;
	const answer = await call(
		"GET /repos/{owner}/{repo}/actions/jobs/{id}/logs",
		{ ...repositoryOf(project), id },
		{
			what,
			redirected: true,
			// Removed, or not written yet.
			refused: ({ status, headers }) =>
				status === 404 || status === 410 ? { status, headers, data: null } : undefined,
		},
	);
	const { location } = answer.headers;
	if (typeof location !== "string") return typeof answer.data === "string" ? answer.data : null;
	return fetchPlain(location, what);
}

/** Without the token: the address itself is the right to read it. */
async function fetchPlain(location: string, what: string): Promise<string | null> {
	const url = URL.canParse(location) ? new URL(location) : null;
	if (url === null || !(url.protocol === "https:" || ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname)))
		throw new VendorError("rejected", `GitHub gives no safe address for ${what}.`);
	try {
		const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(WITHIN_MS) });
		if (!response.ok) {
			await response.body?.cancel();
			return null;
		}
		return await lastBytes(response);
	} catch (cause) {
		throw new VendorError("unavailable", `The place where GitHub keeps ${what} did not answer.`, { cause });
	}
}
