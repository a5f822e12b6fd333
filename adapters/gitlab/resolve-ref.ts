import { z } from "zod";
import { isRefName } from "../../src/core/names.ts";
import type { RefKind, ResolvedRef } from "../../src/core/run.ts";
import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { absentIsNull, type Call, readAnswer } from "./client.ts";
import { projectPath } from "./project-path.ts";

const Sha = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/);
const Commit = z.object({ id: Sha });
/** Of an annotated tag GitLab gives the commit behind it; of a tag of anything else none. */
const Named = z.object({ name: z.string(), commit: Commit.nullish() });

/** Which commit a name means: full SHA, tag, branch, short SHA, in this order, which is git's own. null: none. */
export async function resolveRef(call: Call, project: PipelineProject, ref: string): Promise<ResolvedRef | null> {
	const path = projectPath(project);
	if (!isRefName(ref)) return null;
	const lower = ref.toLowerCase();
	if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(lower)) return commitOf(call, project, lower);
	const [, only, name = ref] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
	const tag = only === "heads" ? null : await namedRef(call, path, "tag", name);
	if (tag !== null) return tag;
	const branch = only === "tags" ? null : await namedRef(call, path, "branch", name);
	if (branch !== null) return branch;
	const short = only === undefined && /^[0-9a-f]{7,}$/.test(lower);
	return short ? commitOf(call, project, lower) : null;
}

async function namedRef(
	call: Call,
	project: string,
	kind: Exclude<RefKind, "sha">,
	name: string,
): Promise<ResolvedRef | null> {
	const what = `the ${kind} ${name}`;
	const folder = kind === "tag" ? "tags" : "branches";
	const answer = await call("GET", `${project}/repository/${folder}/${encodeURIComponent(name)}`, {
		what,
		refused: absentIsNull,
	});
	if (answer.data === null) return null;
	const found = readAnswer(Named, answer, what);
	return found.name === name && found.commit != null ? { name, kind, sha: found.commit.id } : null;
}

/** The commit that a SHA or the beginning of one names. */
export async function commitOf(call: Call, project: PipelineProject, hex: string): Promise<ResolvedRef | null> {
	const what = `the commit ${hex} of ${project.repository}`;
	const path = `${projectPath(project)}/repository/commits/${hex}`;
	const answer = await call("GET", path, { what, refused: absentIsNull });
	if (answer.data === null) return null;
	const { id } = readAnswer(Commit, answer, what);
	// The same path takes names too: what came back must be what was asked for.
	return id.startsWith(hex) ? { name: id, kind: "sha", sha: id } : null;
}
