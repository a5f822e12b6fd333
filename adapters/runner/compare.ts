import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Commit, Comparison } from "../../src/ports/pipeline.ts";
import { type Environment, GitError, git } from "./git.ts";
import { readRepository } from "./repository.ts";

const FETCH_WITHIN_MS = 20_000;
const COMMITS = 100;
/** sha, name, e-mail, first line: none of them can hold a NUL. */
const FORMAT = "--format=%H%x00%an%x00%ae%x00%s";

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
	const [sha = "", name = "", email = "", title = ""] = line.split("\0");
	return { sha, title, author: { name, email: email === "" ? null : email, login: null } };
}
