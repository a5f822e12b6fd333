import { z } from "zod";
import { coAuthorsOf, isNobodys } from "../../src/core/co-authors.ts";
import type { Commit, CommitPerson, Comparison, PipelineProject } from "../../src/ports/pipeline.ts";
import { type Call, readAnswer } from "./client.ts";
import { PER_PAGE } from "./pages.ts";
import { repositoryOf } from "./repository.ts";

const Signature = z.object({ name: z.string().nullish(), email: z.string().nullish() }).nullish();
const Account = z.object({ login: z.string().nullish(), type: z.string().nullish().catch(null) }).nullish();
const Compared = z.object({
	ahead_by: z.number(),
	behind_by: z.number(),
	html_url: z.string().nullish(),
	commits: z.array(
		z.object({
			sha: z.string(),
			commit: z.object({
				message: z.string(),
				author: Signature,
				committer: Signature,
			}),
			author: Account,
			committer: Account,
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

function commitOf({ sha, commit, author, committer }: Compared["commits"][number]): Commit {
	const wrote = personOf(commit.author, author);
	const made = personOf(commit.committer, committer);
	// "web-flow" merges and edits on GitHub's own page, in the name of the author.
	const isOwnHand = made.login === "web-flow" || isNobodys(made.email) || (made.email === null && made.login === null);
	const isAuthor = made.email === wrote.email && made.login === wrote.login;
	const coAuthors = coAuthorsOf(commit.message).map((named) => personOf(named, null));
	return {
		sha,
		title: commit.message.split("\n", 1)[0] ?? "",
		author: wrote,
		...(coAuthors.length > 0 ? { coAuthors } : {}),
		...(isOwnHand || isAuthor ? {} : { committer: made }),
	};
}

function personOf(named: z.infer<typeof Signature>, account: z.infer<typeof Account>): CommitPerson {
	const email = named?.email ?? null;
	const login = account?.login ?? /^(?:\d+\+)?([^@+]+)@users\.noreply\.github\.com$/i.exec(email ?? "")?.[1] ?? null;
	const bot = account?.type === "Bot" || (login ?? "").endsWith("[bot]");
	return { name: named?.name ?? login ?? "unknown", email, login, ...(bot ? { bot } : {}) };
}
