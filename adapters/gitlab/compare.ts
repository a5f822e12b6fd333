import { z } from "zod";
import type { Commit, Comparison, PipelineProject } from "../../src/ports/pipeline.ts";
import type { Call } from "./client.ts";
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

/** So many are counted. */
const PAGES = 5;

/** Lists of commits instead of GitLab's own comparison, which brings every changed line along. `site` is where people see GitLab. */
export async function compareCommits(
	call: Call,
	site: string,
	project: PipelineProject,
	base: string,
	head: string,
): Promise<Comparison | null> {
	const known = await Promise.all([base, head].map((sha) => commitOf(call, project, sha)));
	if (known.includes(null)) return null;
	const range = (from: string, to: string) =>
		readPages(
			call,
			`${projectPath(project)}/repository/commits`,
			{
				what: `the commits between ${from.slice(0, 8)} and ${to.slice(0, 8)} in ${project.repository}`,
				query: { ref_name: `${from}..${to}` },
			},
			{ schema: Listed, most: PAGES },
		);
	const [ahead, behind] = base === head ? [NONE, NONE] : await Promise.all([range(base, head), range(head, base)]);
	return {
		ahead: ahead.items.length,
		behind: behind.items.length,
		more: !(ahead.complete && behind.complete),
		commits: ahead.items.slice(0, PER_PAGE).map(told),
		url: `${site}/${project.repository}/-/compare/${base}...${head}`,
	};
}

const NONE = { items: [], complete: true } as const;

function told({ id, title, message, author_name, author_email }: z.infer<typeof Listed>): Commit {
	return {
		sha: id,
		// GitLab shortens long titles.
		title: (message ?? title ?? "").split("\n", 1)[0] ?? "",
		author: { name: author_name ?? "unknown", email: author_email ?? null, login: null },
	};
}
