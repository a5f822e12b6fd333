import { z } from "zod";
import type { RefKind, ResolvedRef } from "../../src/core/run.ts";
import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { type Call, type CallOptions, readAnswer } from "./client.ts";
import { type Repository, repositoryOf } from "./repository.ts";

const Sha = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/);
const Target = z.object({ object: z.object({ type: z.string(), sha: Sha }) });
const Ref = Target.extend({ ref: z.string() });
const Commit = z.object({ sha: Sha });

/** Tags of tags of tags: git sets no end, we do. */
const PEELS = 10;
/** Not there; an empty repository; no commit of that SHA, or more than one. */
const ABSENT = [404, 409, 422];

/** Which commit a name means: full SHA, tag, branch, short SHA, in this order, which is git's own. null: none. */
export async function resolveRef(call: Call, project: PipelineProject, ref: string): Promise<ResolvedRef | null> {
	const repository = repositoryOf(project);
	if (!isRefName(ref)) return null;
	const lower = ref.toLowerCase();
	if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(lower)) return commitOf(call, repository, lower);
	const [, only, name = ref] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
	const tag = only === "heads" ? null : await namedRef(call, repository, "tag", name);
	if (tag !== null) return tag;
	const branch = only === "tags" ? null : await namedRef(call, repository, "branch", name);
	if (branch !== null) return branch;
	const short = only === undefined && /^[0-9a-f]{7,}$/.test(lower);
	return short ? commitOf(call, repository, lower) : null;
}

/** What git itself would take as a name: nothing else is put into a path. */
export function isRefName(ref: string): boolean {
	return (
		ref !== "" &&
		ref.length <= 250 &&
		!/[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$/u.test(ref) &&
		ref.split("/").every((part) => !part.startsWith(".") && !part.endsWith(".lock"))
	);
}

async function namedRef(
	call: Call,
	repository: Repository,
	kind: Exclude<RefKind, "sha">,
	name: string,
): Promise<ResolvedRef | null> {
	const path = `${kind === "tag" ? "tags" : "heads"}/${name}`;
	const options = absentIsNull(`the ${kind} ${name} of ${repository.owner}/${repository.repo}`);
	const answer = await call("GET /repos/{owner}/{repo}/git/ref/{ref}", { ...repository, ref: path }, options);
	if (answer.data === null) return null;
	// Of a name that is not there, an old server lists those that begin with it.
	if (Array.isArray(answer.data)) return null;
	const found = readAnswer(Ref, answer, options.what);
	if (found.ref !== `refs/${path}`) return null;
	const sha = await peel(call, repository, found.object);
	return sha === null ? null : { name, kind, sha };
}

/** The commit behind an annotated tag, which may point at another one. null: it points at no commit. */
export async function peel(
	call: Call,
	repository: Repository,
	object: { readonly type: string; readonly sha: string },
): Promise<string | null> {
	let at = object;
	for (let depth = 0; at.type === "tag" && depth < PEELS; depth++) {
		const options = absentIsNull(`the tag ${at.sha} of ${repository.owner}/${repository.repo}`);
		const answer = await call("GET /repos/{owner}/{repo}/git/tags/{sha}", { ...repository, sha: at.sha }, options);
		if (answer.data === null) return null;
		at = readAnswer(Target, answer, options.what).object;
	}
	return at.type === "commit" ? at.sha : null;
}

async function commitOf(call: Call, repository: Repository, hex: string): Promise<ResolvedRef | null> {
	const options = absentIsNull(`the commit ${hex} of ${repository.owner}/${repository.repo}`);
	const answer = await call("GET /repos/{owner}/{repo}/commits/{ref}", { ...repository, ref: hex }, options);
	if (answer.data === null) return null;
	const { sha } = readAnswer(Commit, answer, options.what);
	// The same path takes names too: what came back must be what was asked for.
	return sha.startsWith(hex) ? { name: sha, kind: "sha", sha } : null;
}

function absentIsNull(what: string): CallOptions {
	return {
		what,
		refused: ({ status, headers }) => (ABSENT.includes(status) ? { status, headers, data: null } : undefined),
	};
}
