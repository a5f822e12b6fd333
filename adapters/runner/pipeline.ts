import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pickRefs } from "../../src/core/pick-refs.ts";
import type { RefKind, ResolvedRef } from "../../src/core/run.ts";
import type { Check } from "../../src/core/verdict.ts";
import type {
	Comparison,
	PipelinePort,
	PipelineProject,
	PipelineReport,
	PipelineStep,
	TriggerRequest,
} from "../../src/ports/pipeline.ts";
import type { RunnerQueue, RunnerWorkState } from "../../src/ports/runner-queue.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { fetchCommit, isFullSha, refusesSingleCommits } from "./checkout.ts";
import { compareCommits } from "./compare.ts";
import { type Environment, GitError, git } from "./git.ts";
import { type Repository, readRepository } from "./repository.ts";

const LIST_WITHIN_MS = 20_000;
const LIST_BYTES = 50_000_000;
const FETCH_WITHIN_MS = 30_000;

/** Pipelines that `draven runner` carries out. The refs come from git itself, the work goes through our own table. */
export class RunnerPipeline implements PipelinePort {
	readonly triggerIsIdempotent = true;
	readonly #queue: RunnerQueue;
	readonly #env: Environment;

	/** `env`: where git finds PATH, HOME and the like. */
	constructor(options: { readonly queue: RunnerQueue; readonly env: Environment }) {
		this.#queue = options.queue;
		this.#env = options.env;
	}

	async resolveRef(project: PipelineProject, ref: string): Promise<ResolvedRef | null> {
		if (!isRefName(ref)) return null;
		const repository = readRepository(project.repository);
		const refs = await this.#advertised(repository);
		const named = refs.find((each) => each.name === ref);
		if (named) return named;
		const hex = ref.toLowerCase();
		if (!/^[0-9a-f]{7,64}$/.test(hex)) return null;
		const shas = new Set(refs.map((each) => each.sha).filter((sha) => sha.startsWith(hex)));
		const [sha] = shas;
		if (sha !== undefined && shas.size === 1) return { name: sha, kind: "sha", sha };
		const known = isFullSha(hex) && (await this.#isCommit(repository, hex));
		return known ? { name: hex, kind: "sha", sha: hex } : null;
	}

	/** A runner has no CI of its own: environments that deploy through it set `ci: { mode: off }`. */
	async checks(_project: PipelineProject, _sha: string): Promise<readonly Check[]> {
		return [];
	}

	async listRefs(project: PipelineProject, query: string): Promise<readonly ResolvedRef[]> {
		const refs = await this.#advertised(readRepository(project.repository));
		const of = (kind: RefKind) => refs.filter((each) => each.kind === kind);
		return pickRefs({ tags: of("tag"), branches: of("branch") }, query, project.defaultRef);
	}

	async trigger(request: TriggerRequest): Promise<PipelineReport> {
		readRepository(request.project.repository);
		const jobId = request.variables.JOB_ID;
		return reportOf(jobId, await asked(this.#queue.offer(request)));
	}

	async find(_project: PipelineProject, jobId: string, _since: Date): Promise<PipelineReport | null> {
		const state = await asked(this.#queue.state(jobId));
		return state && reportOf(jobId, state);
	}

	async report(project: PipelineProject, externalId: string): Promise<PipelineReport | null> {
		return this.find(project, externalId, new Date(0));
	}

	async cancel(_project: PipelineProject, externalId: string): Promise<void> {
		await asked(this.#queue.requestCancel(externalId));
	}

	async compare(project: PipelineProject, base: string, head: string): Promise<Comparison | null> {
		if (!isFullSha(base) || !isFullSha(head)) return null;
		return compareCommits(this.#env, project.repository, base, head);
	}

	/** One entrypoint, which says what it does in its log. */
	async steps(_project: PipelineProject, _externalId: string): Promise<readonly PipelineStep[]> {
		return [];
	}

	/** Runners send theirs while they work. */
	async log(_project: PipelineProject, _externalId: string): Promise<null> {
		return null;
	}

	/** Tags before branches, high versions first; a branch that a tag of the same name hides is left out. */
	async #advertised(repository: Repository): Promise<ResolvedRef[]> {
		const call = { env: this.#env, repository, timeoutMs: LIST_WITHIN_MS, maxBytes: LIST_BYTES };
		const options = ["--quiet", "--heads", "--tags", "--sort=-version:refname"];
		return readRefs(await git(["ls-remote", ...options, "--", repository.url], call));
	}

	/** Whether the repository has a commit that no branch or tag points at. */
	async #isCommit(repository: Repository, sha: string): Promise<boolean> {
		const folder = await mkdtemp(join(tmpdir(), "draven-sha-"));
		try {
			const call = { env: this.#env, folder, timeoutMs: FETCH_WITHIN_MS };
			await fetchCommit(repository, sha, "alone", call);
			return (await git(["cat-file", "-t", sha], { ...call, cwd: folder, repository: null })).trim() === "commit";
		} catch (error) {
			if (!(error instanceof GitError)) throw error;
			if (/not our ref/.test(error.stderr)) return false;
			if (refusesSingleCommits(error))
				throw new VendorError("rejected", `${repository.shown} gives no single commits: ask for a branch or a tag.`);
			throw error;
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	}
}

/** What git itself would take as the name of a branch or tag, as far as it matters here. */
function isRefName(ref: string): boolean {
	return ref !== "" && ref.length <= 250 && !ref.startsWith("-") && !/[\p{Cc} ~^:?*[\\]|\.\.|@\{/u.test(ref);
}

function readRefs(listing: string): ResolvedRef[] {
	const tags = new Map<string, string>();
	const branches = new Map<string, string>();
	const peeled = new Map<string, string>();
	for (const line of listing.split("\n")) {
		const [, sha, kind, name] = /^([0-9a-f]+)\trefs\/(heads|tags)\/(.+)$/.exec(line) ?? [];
		if (sha === undefined || name === undefined) continue;
		if (kind === "heads") branches.set(name, sha);
		else if (name.endsWith("^{}")) peeled.set(name.slice(0, -3), sha);
		else tags.set(name, sha);
	}
	const refsOf = (kind: RefKind, names: Map<string, string>) =>
		[...names].map(([name, sha]) => ({ name, kind, sha: (kind === "tag" && peeled.get(name)) || sha }));
	return [...refsOf("tag", tags), ...refsOf("branch", branches).filter((each) => !tags.has(each.name))];
}

function reportOf(jobId: string, state: RunnerWorkState): PipelineReport {
	return { externalId: jobId, attempt: 1, externalUrl: null, status: state.status, reason: state.reason, jobId };
}

async function asked<T>(answer: Promise<T>): Promise<T> {
	try {
		return await answer;
	} catch (cause) {
		if (cause instanceof VendorError) throw cause;
		throw new VendorError("unavailable", "The queue of runner work cannot be reached.", {
			mayHaveHappened: true,
			cause,
		});
	}
}
