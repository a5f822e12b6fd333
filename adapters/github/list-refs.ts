import { z } from "zod";
import { pickRefs } from "../../src/core/pick-refs.ts";
import type { RefKind, ResolvedRef } from "../../src/core/run.ts";
import type { PipelineProject } from "../../src/ports/pipeline.ts";
import { type Call, readAnswer } from "./client.ts";
import { readPages } from "./pages.ts";
import { type Repository, repositoryOf } from "./repository.ts";
import { isRefName, peel } from "./resolve-ref.ts";

const Listed = z.array(z.object({ name: z.string(), commit: z.object({ sha: z.string() }) }));
const Matching = z.array(z.object({ ref: z.string(), object: z.object({ type: z.string(), sha: z.string() }) }));

/** Of those that lie beyond the pages. */
const FURTHER = 100;
/** A picker waits for this: what lies further back is found by how its name begins. */
const PAGES = 3;
/** Annotated tags among those, each of which is a call more. */
const PEELED = 10;

export async function listRefs(call: Call, project: PipelineProject, query: string): Promise<readonly ResolvedRef[]> {
	const repository = repositoryOf(project);
	const [tags, branches] = await Promise.all([
		refsOf(call, repository, "tag", query.trim()),
		refsOf(call, repository, "branch", query.trim()),
	]);
	return pickRefs({ tags, branches }, query, project.defaultRef);
}

async function refsOf(
	call: Call,
	repository: Repository,
	kind: Exclude<RefKind, "sha">,
	query: string,
): Promise<ResolvedRef[]> {
	const folder = kind === "tag" ? "tags" : "branches";
	const what = `the ${folder} of ${repository.owner}/${repository.repo}`;
	const list = await readPages(
		call,
		`GET /repos/{owner}/{repo}/${folder}`,
		{ ...repository },
		{ what },
		{
			schema: Listed,
			items: (page) => page,
			most: PAGES,
		},
	);
	const listed = list.items.map(({ name, commit }): ResolvedRef => ({ name, kind, sha: commit.sha }));
	if (list.complete || !isRefName(query)) return listed;
	const known = new Set(listed.map(({ name }) => name));
	const further = await beginningWith(call, repository, kind, query, known);
	return [...listed, ...further];
}

async function beginningWith(
	call: Call,
	repository: Repository,
	kind: Exclude<RefKind, "sha">,
	query: string,
	known: ReadonlySet<string>,
): Promise<ResolvedRef[]> {
	const folder = kind === "tag" ? "tags" : "heads";
	const what = `the ${folder} of ${repository.owner}/${repository.repo} that begin with ${query}`;
	const parameters = { ...repository, ref: `${folder}/${query}` };
	const answer = await call("GET /repos/{owner}/{repo}/git/matching-refs/{ref}", parameters, { what });
	const fresh = readAnswer(Matching, answer, what)
		.map(({ ref, object }) => ({ name: ref.slice(`refs/${folder}/`.length), object }))
		.filter(({ name }) => !known.has(name))
		.slice(0, FURTHER);
	const annotated = fresh.filter(({ object }) => object.type === "tag").slice(0, PEELED);
	const refs = await Promise.all(
		[...fresh.filter(({ object }) => object.type === "commit"), ...annotated].map(async ({ name, object }) => {
			const sha = await peel(call, repository, object);
			return sha === null ? [] : [{ name, kind, sha }];
		}),
	);
	return refs.flat();
}
