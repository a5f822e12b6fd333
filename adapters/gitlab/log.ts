import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { endOfLog } from "../http/end-of-log.ts";
import { absentIsNull, type Call } from "./client.ts";
import { readJobs } from "./job.ts";
import { projectPath } from "./project-path.ts";

/** The last ones tell the end. */
const JOBS = 20;

/** Job after job, as their traces have it. A bridge writes none. */
export async function readLog(call: Call, project: PipelineProject, id: string): Promise<readonly string[] | null> {
	const jobs = await readJobs(call, project, id);
	if (jobs === null) return null;
	const lines: string[] = [];
	for (const job of jobs.filter(({ downstream_pipeline }) => downstream_pipeline == null).slice(-JOBS)) {
		const { data } = await call("GET", `${projectPath(project)}/jobs/${job.id}/trace`, {
			what: `the log of the job ${job.id} of ${project.repository}`,
			text: true,
			// Erased, or never begun.
			refused: absentIsNull,
		});
		if (typeof data !== "string" || data === "") continue;
		lines.push(`── ${job.name}`, ...linesOf(data));
	}
	return lines.length === 0 ? null : endOfLog(lines);
}

/** Without colours, markers of sections, the runner's time stamps, and what was overwritten on its line. */
function linesOf(trace: string): string[] {
	const lines = trace
		// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
		.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "")
		.split("\n")
		.map((line) => {
			const plain = line
				.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z \d\d[OE][+ ]?/, "")
				.replace(/section_(start|end):\d+:[\w.[\]=,-]+\r?/g, "")
				.replace(/\r+$/, "");
			return plain.slice(plain.lastIndexOf("\r") + 1);
		});
	if (lines.at(-1) === "") lines.pop();
	return lines;
}
