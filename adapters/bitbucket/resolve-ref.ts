import { z } from "zod";
import { isRefName } from "../../src/core/names.ts";
import type { RefKind, ResolvedRef } from "../../src/core/run.ts";
import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { absentIsNull, type Call, readAnswer } from "./client.ts";
import { repositoryPath } from "./repository.ts";

const Sha = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/);
/** `target` is the commit, also behind an annotated tag; null: the tag points at something else. */
export const Ref = z.object({ name: z.string(), target: z.object({ hash: Sha }).nullish().catch(null) });
const Commit = z.object({ hash: Sha });

/** Which commit a name means: full SHA, tag, branch, short SHA, in this order, which is git's own. null: none. */
export async function resolveRef(call: Call, project: PipelineProject, ref: string): Promise<ResolvedRef | null> {
	const repository = repositoryPath(project);
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

async function namedRef(
	call: Call,
	repository: string,
	kind: Exclude<RefKind, "sha">,
	name: string,
): Promise<ResolvedRef | null> {
	const what = `the ${kind} ${name} of ${repository.slice("/repositories/".length)}`;
	const path = `${repository}/refs/${kind === "tag" ? "tags" : "branches"}/${encodeURIComponent(name)}`;
	const answer = await call("GET", path, { what, refused: absentIsNull });
	if (answer.data === null) return null;
	const found = readAnswer(Ref, answer, what);
	return found.name === name && found.target != null ? { name, kind, sha: found.target.hash } : null;
}

async function commitOf(call: Call, repository: string, hex: string): Promise<ResolvedRef | null> {
	const what = `the commit ${hex} of ${repository.slice("/repositories/".length)}`;
	const answer = await call("GET", `${repository}/commit/${hex}`, { what, refused: absentIsNull });
	if (answer.data === null) return null;
	const { hash } = readAnswer(Commit, answer, what);
	// The same path takes names too: what came back must be what was asked for.
	return hash.startsWith(hex) ? { name: hash, kind: "sha", sha: hash } : null;
}
