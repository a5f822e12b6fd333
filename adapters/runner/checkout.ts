import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, sep } from "node:path";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { type Environment, GitError, git } from "./git.ts";
import { type Repository, readRepository } from "./repository.ts";

const FULL_SHA = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

export function isFullSha(text: string): boolean {
	return FULL_SHA.test(text);
}

export interface FetchCall {
	readonly env: Environment;
	readonly folder: string;
	readonly timeoutMs: number;
	readonly signal?: AbortSignal;
}

/**
 * Makes an empty repository in an empty folder and fetches one commit into it, without its history. "alone": without its files too,
 * where the server knows how; one that does not sends them. Throws GitError.
 */
export async function fetchCommit(
	repository: Repository,
	sha: string,
	what: "files" | "alone",
	call: FetchCall,
): Promise<void> {
	const format = sha.length === 64 ? "sha256" : "sha1";
	const common = { ...call, cwd: call.folder, repository };
	await git(["init", "--quiet", "--template=", `--object-format=${format}`], common);
	const options = ["--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules"];
	if (what === "alone") options.push("--filter=tree:0");
	await git(["fetch", ...options, "--", repository.url, sha], common);
}

/** Puts exactly this commit into an empty folder. Throws VendorError. */
export async function checkOut(url: string, sha: string, call: FetchCall): Promise<void> {
	if (!isFullSha(sha)) throw new VendorError("rejected", `"${sha.slice(0, 80)}" is not a full commit SHA.`);
	const repository = readRepository(url);
	const common = { ...call, cwd: call.folder, repository };
	try {
		await fetchCommit(repository, sha, "files", call);
	} catch (error) {
		if (!(error instanceof GitError) || !refusesSingleCommits(error)) throw error;
		const all = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
		await git(["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--", repository.url, ...all], common);
	}
	await git(["checkout", "--quiet", "--force", "--detach", sha, "--"], common);
	const head = (await git(["rev-parse", "--verify", "HEAD"], common)).trim();
	if (head !== sha) throw new VendorError("rejected", `The checkout is at ${head}, not at ${sha}.`);
}

/** Old protocols and dumb HTTP servers give only what they advertise. */
export function refusesSingleCommits(error: GitError): boolean {
	return /unadvertised object|dumb http transport/i.test(error.stderr);
}

/** The absolute path of the entrypoint: an executable file inside the checkout. Throws VendorError. */
export async function findEntrypoint(checkout: string, entrypoint: string): Promise<string> {
	const refuse = (why: string) => new VendorError("rejected", `The entrypoint ${entrypoint} ${why}`);
	const parts = entrypoint.split("/");
	if (isAbsolute(entrypoint) || entrypoint.includes("\0") || parts.includes("..") || parts[0] === ".git")
		throw refuse("has to be a path inside the repository.");
	const root = await realpath(checkout);
	const path = await realpath(join(root, entrypoint)).catch(() => null);
	if (path === null) throw refuse("is not in this commit: add it, or set another one in the project.");
	if (!path.startsWith(root + sep)) throw refuse("leads out of the repository.");
	const found = await stat(path);
	if (!found.isFile()) throw refuse("is not a file.");
	if ((found.mode & 0o111) === 0)
		throw refuse(`is not executable: "git update-index --chmod=+x ${entrypoint}", commit, and deploy that commit.`);
	return path;
}
