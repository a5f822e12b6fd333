import { z } from "zod";
import { coAuthorsOf, isNobodys } from "../../src/core/co-authors.ts";
import type { Commit, CommitPerson, Comparison, PipelineProject } from "../../src/ports/pipeline.ts";
import { absentIsNull, type Call } from "./client.ts";
import { readPages } from "./pages.ts";
import { pageOf, repositoryPath } from "./repository.ts";

const User = z.object({
	type: z.string().nullish(),
	uuid: z.string().nullish(),
	display_name: z.string().nullish(),
});
const Signature = z
	.object({ raw: z.string().nullish(), user: User.nullish().catch(null) })
	.nullish()
	.catch(null);
const CommitAnswer = z.object({
	hash: z.string(),
	message: z.string().nullish(),
	author: Signature,
	committer: Signature,
});

/** Pages of a hundred: a comparison is read for evidence, and more than this is "more". */
const AHEAD = 5;
const BEHIND = 1;
const SHOWN = 100;

/** What each of the two has and the other has not; Bitbucket gives the newest first. */
export async function compareCommits(
	call: Call,
	project: PipelineProject,
	base: string,
	head: string,
): Promise<Comparison | null> {
	const [ahead, behind] = await Promise.all([
		between(call, project, base, head, AHEAD),
		between(call, project, head, base, BEHIND),
	]);
	if (ahead === null || behind === null) return null;
	return {
		ahead: ahead.items.length,
		behind: behind.items.length,
		more: !ahead.complete || !behind.complete,
		commits: ahead.items.slice(0, SHOWN).map(commitOf),
		url: pageOf(project, `/branches/compare/${head}%0D${base}`),
	};
}

function between(call: Call, project: PipelineProject, exclude: string, of: string, most: number) {
	const what = `the commits from ${exclude.slice(0, 8)} to ${of.slice(0, 8)} in ${project.repository}`;
	const path = `${repositoryPath(project)}/commits/${encodeURIComponent(of)}`;
	return readPages(call, path, { what, query: { exclude }, refused: absentIsNull }, { item: CommitAnswer, most });
}

function commitOf({ hash, message, author, committer }: z.infer<typeof CommitAnswer>): Commit {
	const wrote = personOf(author);
	const made = personOf(committer);
	const isAuthor = made.email === wrote.email && (made.login === null || made.login === wrote.login);
	const coAuthors = coAuthorsOf(message ?? "").map(({ name, email }) => personOf({ raw: `${name} <${email}>` }));
	const isOwnHand = isNobodys(made.email) || (made.email === null && made.login === null);
	return {
		sha: hash,
		title: message?.split("\n", 1)[0] ?? "",
		author: wrote,
		...(coAuthors.length > 0 ? { coAuthors } : {}),
		...(isAuthor || isOwnHand ? {} : { committer: made }),
	};
}

/** Addresses of programs; the second is that of Pipelines itself. */
const BOT = /\[bot\]@|^commits-noreply@bitbucket\.org$/i;

/** `raw` is whom git knows: `Ada <ada@acme.test>`. */
function personOf(signature: z.infer<typeof Signature>): CommitPerson {
	const raw = signature?.raw ?? "";
	const [, name = "", email = ""] = /^(.*?)\s*<([^<>]*)>\s*$/.exec(raw) ?? ["", raw];
	// Nicknames are chosen and changed at will, and two people may have the same: the account's UUID is its name.
	const login = signature?.user?.uuid?.replace(/[{}]/g, "") ?? null;
	const bot = signature?.user?.type === "app_user" || BOT.test(email);
	return {
		name: name.trim() || (signature?.user?.display_name ?? "unknown"),
		email: email === "" ? null : email,
		login,
		...(bot ? { bot } : {}),
	};
}
