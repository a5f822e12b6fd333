import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { coAuthorsOf, isNobodys } from "../../src/core/co-authors.ts";
import type { Commit, CommitPerson, Comparison } from "../../src/ports/pipeline.ts";
import { type Environment, GitError, git } from "./git.ts";
import { readRepository } from "./repository.ts";

const FETCH_WITHIN_MS = 20_000;
const COMMITS = 100;
/** sha, author, first line, committer, co-authors: none of them can hold a NUL. */
const CO_AUTHORS = "%(trailers:key=Co-authored-by,unfold,separator=%x1f)";
const FORMAT = `--format=%H%x00%an%x00%ae%x00%s%x00%cn%x00%ce%x00${CO_AUTHORS}`;

/** What lies between two commits, from the history alone: no files are fetched where the server lets us. */
export async function compareCommits(
	env: Environment,
	url: string,
	base: string,
	head: string,
): Promise<Comparison | null> {
	const repository = readRepository(url);
	const folder = await mkdtemp(join(tmpdir(), "draven-compare-"));
	const local = { env, cwd: folder, repository: null, timeoutMs: FETCH_WITHIN_MS };
	try {
		await git(["init", "--quiet", "--bare", "--template="], local);
		const options = ["--quiet", "--filter=tree:0", "--no-tags", "--no-recurse-submodules"];
		await git(["fetch", ...options, "--", repository.url, ...new Set([base, head])], { ...local, repository });
		const counted = await git(["rev-list", "--left-right", "--count", `${base}...${head}`], local);
		const [behind = 0, ahead = 0] = counted.trim().split(/\s+/).map(Number);
		const log = await git(["log", `--max-count=${COMMITS}`, FORMAT, `${base}..${head}`], local);
		return { ahead, behind, more: false, commits: log.split("\n").filter(Boolean).map(commitOf), url: null };
	} catch (error) {
		if (error instanceof GitError && /not our ref|unadvertised object/.test(error.stderr)) return null;
		throw error;
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

function commitOf(line: string): Commit {
	const [sha = "", name = "", email = "", title = "", committer = "", from = "", trailers = ""] = line.split("\0");
	const isOwnHand = from === "" || from === email || isNobodys(from);
	const coAuthors = coAuthorsOf(trailers.replaceAll("\x1f", "\n")).map((named) => personOf(named.name, named.email));
	return {
		sha,
		title,
		author: personOf(name, email),
		...(coAuthors.length > 0 ? { coAuthors } : {}),
		...(isOwnHand ? {} : { committer: personOf(committer, from) }),
	};
}

function personOf(name: string, email: string): CommitPerson {
	const bot = /\[bot\]@/i.test(email);
	return { name, email: email === "" ? null : email, login: null, ...(bot ? { bot } : {}) };
}
