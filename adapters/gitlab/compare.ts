import { z } from "zod";
import type { Commit, Comparison, PipelineProject } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { absentIsNull, type Call, readAnswer } from "./client.ts";
import { PER_PAGE, readPages } from "./pages.ts";
import { projectPath } from "./project-path.ts";
import { commitOf } from "./resolve-ref.ts";

const Listed = z.object({
	id: z.string(),
	title: z.string().nullish(),
	message: z.string().nullish(),
	author_name: z.string().nullish(),
	author_email: z.string().nullish(),
});
type Listed = z.infer<typeof Listed>;
const Compared = z.object({ commits: z.array(Listed) });

/** Commits that one side has and the other has not, newest first. `complete`: there are no more. */
interface Between {
	readonly commits: readonly Listed[];
	readonly complete: boolean;
}

/** So many are counted where they have to be listed. */
const PAGES = 5;

/** `site` is where people see GitLab. */
export async function compareCommits(
	call: Call,
	site: string,
	project: PipelineProject,
	base: string,
	head: string,
): Promise<Comparison | null> {
	const [ahead, behind] = await Promise.all([between(call, project, base, head), between(call, project, head, base)]);
	if (ahead === null || behind === null) return null;
	return {
		ahead: ahead.commits.length,
		behind: behind.commits.length,
		more: !(ahead.complete && behind.complete),
		commits: ahead.commits.slice(0, PER_PAGE).map(told),
		url: `${site}/${project.repository}/-/compare/${base}...${head}`,
	};
}

/** GitLab's own comparison brings every changed line along: where that is too much or takes too long, the commits are listed. */
async function between(call: Call, project: PipelineProject, from: string, to: string): Promise<Between | null> {
	const what = `the comparison of ${from.slice(0, 8)} and ${to.slice(0, 8)} in ${project.repository}`;
	try {
		const answer = await call("GET", `${projectPath(project)}/repository/compare`, {
			what,
			query: { from, to, straight: "false" },
			refused: absentIsNull,
		});
		if (answer.data === null) return null;
		const { commits } = readAnswer(Compared, answer, what);
		return { commits: commits.at(-1)?.id === to ? commits.reverse() : commits, complete: true };
	} catch (error) {
		if (!(error instanceof VendorError) || !["rejected", "unavailable"].includes(error.kind)) throw error;
		// A list of what is not there would be empty.
		const known = await Promise.all([from, to].map((sha) => commitOf(call, project, sha)));
		if (known.includes(null)) return null;
		const { items, complete } = await readPages(
			call,
			`${projectPath(project)}/repository/commits`,
			{ what, query: { ref_name: `${from}..${to}` } },
			{ schema: Listed, most: PAGES },
		);
		return { commits: items, complete };
	}
}

function told({ id, title, message, author_name, author_email }: Listed): Commit {
	return {
		sha: id,
		// GitLab shortens long titles.
		title: (message ?? title ?? "").split("\n", 1)[0] ?? "",
		author: { name: author_name ?? "unknown", email: author_email ?? null, login: null },
	};
}
