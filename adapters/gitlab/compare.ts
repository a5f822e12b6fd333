import { z } from "zod";
import { coAuthorsOf, isNobodys } from "../../src/core/co-authors.ts";
import type { Commit, CommitPerson, Comparison, PipelineProject } from "../../src/ports/pipeline.ts";
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
	committer_name: z.string().nullish(),
	committer_email: z.string().nullish(),
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

function told(commit: Listed): Commit {
	// GitLab shortens long titles.
	const message = commit.message ?? commit.title ?? "";
	const author = personOf(commit.author_name, commit.author_email);
	const committer = personOf(commit.committer_name, commit.committer_email);
	const coAuthors = coAuthorsOf(message).map(({ name, email }) => personOf(name, email));
	const isOwnHand = committer.email === null || isNobodys(committer.email);
	return {
		sha: commit.id,
		title: message.split("\n", 1)[0] ?? "",
		author,
		...(coAuthors.length > 0 ? { coAuthors } : {}),
		...(isOwnHand || committer.email === author.email ? {} : { committer }),
	};
}

/** Tokens of projects and groups act as bots, and service accounts are programs, with addresses of this kind (older bots without the first `_`). */
const BOT = /^((project|group)_?\d+_bot\w*|service_account_\w+)@noreply\./i;

function personOf(name: string | null | undefined, email: string | null | undefined): CommitPerson {
	const bot = BOT.test(email ?? "") || /\[bot\]@/i.test(email ?? "");
	return { name: name ?? "unknown", email: email ?? null, login: null, ...(bot ? { bot } : {}) };
}
