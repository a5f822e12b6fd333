import { z } from "zod";
import type { Commit, Comparison, PipelineProject } from "../../src/ports/pipeline.ts";
import { type Call, readAnswer } from "./client.ts";
import { PER_PAGE } from "./pages.ts";
import { repositoryOf } from "./repository.ts";

const Compared = z.object({
	ahead_by: z.number(),
	behind_by: z.number(),
	html_url: z.string().nullish(),
	commits: z.array(
		z.object({
			sha: z.string(),
			commit: z.object({
				message: z.string(),
				author: z.object({ name: z.string().nullish(), email: z.string().nullish() }).nullish(),
			}),
			author: z.object({ login: z.string().nullish() }).nullish(),
		}),
	),
});
type Compared = z.infer<typeof Compared>;

/** From the common ancestor of both to `head`; GitHub gives the oldest first, in pages. */
export async function compareCommits(
	call: Call,
	project: PipelineProject,
	base: string,
	head: string,
): Promise<Comparison | null> {
	const what = `the comparison of ${base.slice(0, 8)} and ${head.slice(0, 8)} in ${project.repository}`;
	const read = async (page: number): Promise<Compared | null> => {
		const answer = await call(
			"GET /repos/{owner}/{repo}/compare/{basehead}",
			{ ...repositoryOf(project), basehead: `${base}...${head}`, per_page: PER_PAGE, page },
			{
				what,
				refused: ({ status, headers }) => (status === 404 ? { status, headers, data: null } : undefined),
			},
		);
		return answer.data === null ? null : readAnswer(Compared, answer, what);
	};
	const first = await read(1);
	if (first === null) return null;
	const last = Math.ceil(first.ahead_by / PER_PAGE);
	const pages = [first.commits];
	// The newest hundred may lie on two pages.
	for (const page of new Set([last - 1, last])) if (page > 1) pages.push((await read(page))?.commits ?? []);
	return {
		ahead: first.ahead_by,
		behind: first.behind_by,
		more: false,
		commits: pages.flat().slice(-PER_PAGE).reverse().map(commitOf),
		url: first.html_url ?? null,
	};
}

function commitOf({ sha, commit, author }: Compared["commits"][number]): Commit {
	return {
		sha,
		title: commit.message.split("\n", 1)[0] ?? "",
		author: {
			name: commit.author?.name ?? author?.login ?? "unknown",
			email: commit.author?.email ?? null,
			login: author?.login ?? null,
		},
	};
}
