import { randomUUID } from "node:crypto";
import type { FakeAnswer, FakeRequest } from "../provider-server.ts";
import { commitJson, pipelineJson, repositoryJson, statusJson, stepJson } from "./answers.ts";
import type { FakePipelineRun, FakeRepository, FakeTarget } from "./state.ts";

interface RouteContext {
	readonly repository: FakeRepository;
	readonly request: FakeRequest;
}

type Route = (context: RouteContext, ...parts: string[]) => FakeAnswer;

export const failed = (status: number, message: string, more: object = {}): FakeAnswer => ({
	status,
	body: { type: "error", error: { message, ...more } },
});
const ok = (body: unknown): FakeAnswer => ({ status: 200, body });
const notFound = (what: string): FakeAnswer => failed(404, `${what} not found`);

/** What is asked of one repository: the path behind `/2.0/repositories/{workspace}/{slug}`, still encoded. */
const ROUTES: readonly (readonly [method: string, path: RegExp, route: Route])[] = [
	["GET", /^$/, ({ repository }) => ok(repositoryJson(repository))],
	["GET", /^\/refs\/branches$/, (context) => listRefs(context, "branch")],
	["GET", /^\/refs\/tags$/, (context) => listRefs(context, "tag")],
	["GET", /^\/refs\/branches\/(.+)$/, (context, name) => oneRef(context, "branch", name)],
	["GET", /^\/refs\/tags\/(.+)$/, (context, name) => oneRef(context, "tag", name)],
	["GET", /^\/commit\/([^/]+)$/, commit],
	["GET", /^\/commit\/([^/]+)\/statuses$/, statuses],
	["GET", /^\/commits\/([^/]+)$/, commits],
	["GET", /^\/pipelines\/?$/, listPipelines],
	["POST", /^\/pipelines\/?$/, startPipeline],
	["GET", /^\/pipelines\/([^/]+)$/, onePipeline],
	["POST", /^\/pipelines\/([^/]+)\/stopPipeline$/, stopPipeline],
	["GET", /^\/pipelines\/([^/]+)\/steps\/?$/, steps],
	["GET", /^\/pipelines\/([^/]+)\/steps\/([^/]+)\/log$/, stepLog],
	["GET", /^\/pipelines_config$/, ({ repository }) => ok({ enabled: repository.enabled })],
	["GET", /^\/src\/([^/]+)\/bitbucket-pipelines\.yml$/, file],
	["GET", /^\/hooks$/, hooks],
	["POST", /^\/hooks$/, makeHook],
	["PUT", /^\/hooks\/([^/]+)$/, changeHook],
];

export function answerRepository(context: RouteContext, path: string): FakeAnswer {
	for (const [method, pattern, route] of ROUTES) {
		const match = method === context.request.method ? pattern.exec(path) : null;
		if (match !== null) return route(context, ...match.slice(1).map(decodeURIComponent));
	}
	return notFound("Resource");
}

interface FakeRef {
	readonly name: string;
	readonly sha: string | null;
	readonly message: string | null;
}

function refsOf(repository: FakeRepository, kind: "branch" | "tag"): FakeRef[] {
	return kind === "tag"
		? [...repository.tags].map(([name, tag]) => ({ name, ...tag }))
		: [...repository.branches].map(([name, sha]) => ({ name, sha, message: null }));
}

function refJson({ name, sha, message }: FakeRef, type: "branch" | "tag") {
	const target = sha === null ? null : { type: "commit", hash: sha };
	return { type, name, target, ...(type === "tag" ? { message, tagger: message === null ? null : {} } : {}) };
}

function oneRef({ repository }: RouteContext, kind: "branch" | "tag", name = ""): FakeAnswer {
	const found = refsOf(repository, kind).find((ref) => ref.name === name);
	return found === undefined ? notFound(`${kind} ${name}`) : ok(refJson(found, kind));
}

function listRefs(context: RouteContext, kind: "branch" | "tag"): FakeAnswer {
	const [, wanted = ""] = /^name ~ "(.*)"$/.exec(context.request.query.get("q") ?? "") ?? [];
	const plain = wanted.replace(/\\(.)/g, "$1").toLowerCase();
	const found = refsOf(context.repository, kind)
		.filter(({ name }) => name.toLowerCase().includes(plain))
		.sort((one, other) => one.name.localeCompare(other.name));
	if (context.request.query.get("sort") === "-name") found.reverse();
	return paged(
		context,
		found.map((ref) => refJson(ref, kind)),
	);
}

function commit({ repository }: RouteContext, name = ""): FakeAnswer {
	const named = repository.tags.get(name)?.sha ?? repository.branches.get(name);
	const found = named === undefined || named === null ? repository.commitsLike(name) : [named];
	const [sha] = found;
	if (sha === undefined || found.length > 1) return notFound(`Commit ${name}`);
	return ok(commitJson(repository, sha));
}

function statuses(context: RouteContext, sha = ""): FakeAnswer {
	const { repository } = context;
	if (repository.commit(sha) === null) return notFound(`Commit ${sha}`);
	const found = repository.statuses.filter((status) => status.sha === sha);
	return paged(
		context,
		found.map((status) => statusJson(repository, status)),
	);
}

function commits(context: RouteContext, head = ""): FakeAnswer {
	const { repository, request } = context;
	const known = repository.historyOf(head);
	const excluded = request.query.getAll("exclude").map((sha) => repository.historyOf(sha));
	if (known.length === 0 || excluded.some((history) => history.length === 0)) return notFound("Commit");
	const left = known.filter((sha) => !excluded.flat().includes(sha));
	return paged(
		context,
		left.map((sha) => commitJson(repository, sha)),
	);
}

function listPipelines(context: RouteContext): FakeAnswer {
	const { repository, request } = context;
	const sha = request.query.get("target.commit.hash");
	const isHeeded = repository.filtersPipelines && sha !== null;
	const found = repository.pipelines.filter(({ target }) => !isHeeded || target.commit.hash === sha);
	if (request.query.get("sort") === "-created_on") found.reverse();
	return paged(
		context,
		found.map((run) => pipelineJson(repository, run)),
	);
}

interface StartBody {
	readonly target: FakeTarget & { readonly commit?: FakeTarget["commit"] };
	readonly variables?: readonly { readonly key: string; readonly value: string; readonly secured?: boolean }[];
}

function startPipeline({ repository, request }: RouteContext): FakeAnswer {
	if (!repository.enabled) return failed(404, "Pipelines is not enabled for this repository.");
	const { target, variables = [] } = request.body as StartBody;
	const { type, selector, ref_type, ref_name } = target;
	if (type !== "pipeline_ref_target" && type !== "pipeline_commit_target") return failed(400, "Bad request");
	if (variables.length > 0 && selector?.type !== "custom")
		return failed(400, "Bad request", { detail: "Variables can only be given to custom pipelines." });
	if (selector?.type === "custom" && !repository.custom.has(selector.pattern ?? ""))
		return failed(400, "Bad request", {
			detail: "Requested selector is not found in bitbucket-pipelines.yml.",
			data: { key: "result-service.pipeline.selector-not-found", arguments: {} },
		});
	const named = ref_type === "tag" ? repository.tags.get(ref_name ?? "")?.sha : repository.branches.get(ref_name ?? "");
	if (type === "pipeline_ref_target" && named == null)
		return failed(404, `The ${ref_type} "${ref_name}" was not found`);
	const hash = target.commit?.hash ?? named ?? "";
	if (repository.commit(hash) === null) return failed(404, `Commit ${hash} not found`);
	const run = repository.start(
		{ ...target, commit: { type: "commit", hash } },
		variables.map(({ key, value, secured = false }) => ({ key, value, secured })),
	);
	return { status: 201, body: pipelineJson(repository, run) };
}

function named({ repository }: RouteContext, uuid: string): FakePipelineRun | undefined {
	return repository.pipelines.find((run) => run.uuid === uuid);
}

function onePipeline(context: RouteContext, uuid = ""): FakeAnswer {
	const run = named(context, uuid);
	return run === undefined ? notFound("Pipeline") : ok(pipelineJson(context.repository, run));
}

function stopPipeline(context: RouteContext, uuid = ""): FakeAnswer {
	const run = named(context, uuid);
	if (run === undefined) return notFound("Pipeline");
	if (run.state.name === "COMPLETED") return failed(400, "The pipeline has already completed");
	run.stopAsked = true;
	return { status: 204 };
}

function steps(context: RouteContext, uuid = ""): FakeAnswer {
	const run = named(context, uuid);
	return run === undefined ? notFound("Pipeline") : paged(context, run.steps.map(stepJson));
}

/** Plain text alone is given, and any part of it. */
function stepLog(context: RouteContext, uuid = "", step = ""): FakeAnswer {
	const { headers } = context.request;
	if (String(headers["accept"] ?? "").includes("application/json")) return failed(406, "Not Acceptable");
	const log = named(context, uuid)?.steps.find((one) => one.uuid === step)?.log;
	if (log === undefined || log === null) return notFound("Log");
	const [, last] = /^bytes=-(\d+)$/.exec(String(headers["range"] ?? "")) ?? [];
	if (last === undefined) return ok(log);
	const bytes = Buffer.from(log);
	if (bytes.length === 0) return failed(416, "Requested range not satisfiable");
	const part = bytes.subarray(-Number(last));
	const range = `bytes ${bytes.length - part.length}-${bytes.length - 1}/${bytes.length}`;
	return { status: 206, body: part.toString(), headers: { "content-range": range } };
}

function file({ repository }: RouteContext): FakeAnswer {
	return repository.file === null
		? notFound("bitbucket-pipelines.yml")
		: { status: 200, body: repository.file, headers: { "content-type": "text/plain" } };
}

const shown = ({ uuid, url, active, events, secret }: FakeRepository["hooks"][number]) => ({
	...{ type: "webhook_subscription", uuid, url, active, events, description: "DRAVEN" },
	secret_set: secret !== null,
});

function hooks(context: RouteContext): FakeAnswer {
	return paged(context, context.repository.hooks.map(shown));
}

interface HookBody {
	readonly url: string;
	readonly active: boolean;
	readonly events: readonly string[];
	readonly secret?: string | null;
}

function makeHook({ repository, request }: RouteContext): FakeAnswer {
	const { url, active, events, secret = null } = request.body as HookBody;
	const hook = { uuid: `{${randomUUID()}}`, url, active, events: [...events], secret };
	repository.hooks.push(hook);
	return { status: 201, body: shown(hook) };
}

function changeHook({ repository, request }: RouteContext, uuid = ""): FakeAnswer {
	const hook = repository.hooks.find((one) => one.uuid === uuid);
	if (hook === undefined) return notFound("Webhook");
	const { url, active, events, secret } = request.body as HookBody;
	Object.assign(hook, { url, active, events: [...events], ...(secret === undefined ? {} : { secret }) });
	return ok(shown(hook));
}

/** `next` is there as long as there is more, and is the whole address. */
function paged({ request }: RouteContext, all: readonly unknown[]): FakeAnswer {
	const pagelen = Math.min(Number(request.query.get("pagelen") ?? 10), 100);
	const page = Number(request.query.get("page") ?? 1);
	const next = new URLSearchParams(request.query);
	next.set("page", String(page + 1));
	const more = page * pagelen < all.length;
	return ok({
		...{ pagelen, page, values: all.slice((page - 1) * pagelen, page * pagelen) },
		...(more ? { next: `http://${request.headers["host"]}${request.path}?${next}` } : {}),
	});
}
