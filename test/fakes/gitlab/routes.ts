import type { FakeAnswer, FakeRequest } from "../provider-server.ts";
import { commitJson, jobJson, jobUrl, pipelineJson, pipelineRow, projectJson } from "./answers.ts";
import type { FakeGitLabPipeline, FakeProject } from "./project.ts";
import { startPipeline } from "./start-pipeline.ts";

export interface RouteContext {
	readonly project: FakeProject;
	readonly request: FakeRequest;
	/** Paths of pages in Link headers begin with it. */
	readonly api: string;
}

type Route = (context: RouteContext, ...parts: string[]) => FakeAnswer;

export const notFound = (what: string): FakeAnswer => ({ status: 404, body: { message: `404 ${what} Not Found` } });
const ok = (body: unknown): FakeAnswer => ({ status: 200, body });

/** What is asked of one project: the path behind `/projects/:id`, each part decoded. */
const ROUTES: readonly (readonly [method: string, path: RegExp, route: Route])[] = [
	["GET", /^$/, ({ project }) => ok(projectJson(project))],
	["GET", /^\/repository\/tags$/, tags],
	["GET", /^\/repository\/tags\/([^/]+)$/, tag],
	["GET", /^\/repository\/branches$/, branches],
	["GET", /^\/repository\/branches\/([^/]+)$/, branch],
	["GET", /^\/repository\/compare$/, compare],
	["GET", /^\/repository\/commits$/, commits],
	["GET", /^\/repository\/commits\/([^/]+)$/, commit],
	["GET", /^\/repository\/commits\/([^/]+)\/statuses$/, statuses],
	["GET", /^\/repository\/files\/([^/]+)\/raw$/, file],
	["GET", /^\/pipelines$/, pipelines],
	["POST", /^\/pipeline$/, startPipeline],
	[
		"GET",
		/^\/pipelines\/([^/]+)$/,
		({ project }, id) => withPipeline(project, id, (one) => ok(pipelineJson(project, one))),
	],
	["GET", /^\/pipelines\/([^/]+)\/variables$/, variables],
	["GET", /^\/pipelines\/([^/]+)\/(jobs|bridges)$/, jobs],
	["POST", /^\/pipelines\/([^/]+)\/cancel$/, cancel],
	["GET", /^\/jobs\/([^/]+)$/, job],
	["GET", /^\/jobs\/([^/]+)\/trace$/, trace],
	["GET", /^\/hooks$/, hooks],
	["POST", /^\/hooks$/, addHook],
	["PUT", /^\/hooks\/([^/]+)$/, changeHook],
	["GET", /^\/hooks\/([^/]+)\/events$/, hookEvents],
	["POST", /^\/hooks\/([^/]+)\/events\/([^/]+)\/resend$/, resend],
];

export function answerProject(context: RouteContext, path: string): FakeAnswer {
	for (const [method, pattern, route] of ROUTES) {
		const match = method === context.request.method ? pattern.exec(path) : null;
		if (match !== null) return route(context, ...match.slice(1).map(decodeURIComponent));
	}
	return { status: 404, body: { error: "404 Not Found" } };
}

function tag({ project }: RouteContext, name = ""): FakeAnswer {
	const found = project.tags.get(name);
	return found === undefined ? notFound("Tag") : ok(tagJson(project, name));
}

function tagJson(project: FakeProject, name: string) {
	const { target, commit: sha } = project.tags.get(name) ?? { target: "", commit: null };
	return { name, target, commit: sha === null ? null : commitJson(project, sha), release: null };
}

function branch({ project }: RouteContext, name = ""): FakeAnswer {
	const sha = project.branches.get(name);
	return sha === undefined ? notFound("Branch") : ok({ name, commit: commitJson(project, sha) });
}

function tags(context: RouteContext): FakeAnswer {
	const names = searched(context, [...context.project.tags.keys()]);
	return paged(context, names, (name) => tagJson(context.project, name));
}

function branches(context: RouteContext): FakeAnswer {
	const { project } = context;
	const names = searched(context, [...project.branches.keys()]);
	return paged(context, names, (name) => ({ name, commit: commitJson(project, project.branches.get(name) ?? "") }));
}

function searched({ request }: RouteContext, names: readonly string[]): readonly string[] {
	const search = (request.query.get("search") ?? "").toLowerCase();
	return names.filter((name) => name.toLowerCase().includes(search)).sort();
}

function commit({ project }: RouteContext, ref = ""): FakeAnswer {
	const sha = project.commit(ref);
	return sha === null ? notFound("Commit") : ok(commitJson(project, sha));
}

/** `ref_name` may be a range: what the second has and the first has not, newest first. */
function commits(context: RouteContext): FakeAnswer {
	const { project, request } = context;
	const [, base, head] = /^([0-9a-f]{40})\.\.([0-9a-f]{40})$/.exec(request.query.get("ref_name") ?? "") ?? [];
	if (base === undefined || head === undefined || !project.commits.has(base) || !project.commits.has(head))
		return ok([]);
	return paged(context, between(project, base, head), (sha) => commitJson(project, sha));
}

/** From the common ancestor to `to`, the oldest first, with every line that changed. */
function compare({ project, request }: RouteContext): FakeAnswer {
	const [from = "", to = ""] = ["from", "to"].map((name) => project.commit(request.query.get(name) ?? "") ?? "");
	if (from === "" || to === "") return notFound("Ref");
	const commits = between(project, from, to)
		.reverse()
		.map((sha) => commitJson(project, sha));
	return ok({
		commit: commits.at(-1) ?? null,
		commits,
		diffs: [],
		compare_timeout: false,
		compare_same_ref: from === to,
	});
}

function between(project: FakeProject, base: string, head: string): string[] {
	const known = project.historyOf(base);
	return project.historyOf(head).filter((sha) => !known.includes(sha));
}

/** Jobs of pipelines of the commit, the retried ones left out, and what was reported from outside. */
function statuses(context: RouteContext, ref = ""): FakeAnswer {
	const { project } = context;
	const sha = project.commit(ref);
	if (sha === null) return notFound("Commit");
	const ofJobs = project.pipelines
		.filter((pipeline) => pipeline.sha === sha)
		.flatMap((pipeline) =>
			pipeline.jobs
				.filter((one) => !one.retried)
				.map(({ id, name, status, allow_failure }) => ({
					...{ id, sha, ref: pipeline.ref, name, status, allow_failure, pipeline_id: pipeline.id },
					target_url: jobUrl(project, { id }),
				})),
		);
	const all = [...ofJobs, ...project.statuses.filter((status) => status.sha === sha)].sort((a, b) => a.id - b.id);
	return paged(context, all, ({ pipeline_id, ...status }) =>
		project.statusesNamePipelines ? { ...status, pipeline_id } : status,
	);
}

function file({ project }: RouteContext, path = ""): FakeAnswer {
	const content = project.files.get(path);
	return content === undefined ? notFound("File") : ok(content);
}

function pipelines(context: RouteContext): FakeAnswer {
	const { project, request } = context;
	const [sha, source, name, ref] = ["sha", "source", "name", "ref"].map((key) => request.query.get(key));
	const since = Date.parse(request.query.get("updated_after") ?? "") || 0;
	const found = project.pipelines
		.filter((one) => (source ?? "") === one.source || (source === null && one.source !== "parent_pipeline"))
		.filter((one) => (sha ?? one.sha) === one.sha && (ref ?? one.ref) === one.ref && (name ?? one.name) === one.name)
		.filter((one) => one.updated_at.getTime() >= since)
		.reverse();
	return paged(context, found, (one) => pipelineRow(project, one));
}

function withPipeline(
	project: FakeProject,
	id: string | undefined,
	then: (pipeline: FakeGitLabPipeline) => FakeAnswer,
): FakeAnswer {
	if (!/^\d+$/.test(id ?? "")) return { status: 400, body: { error: "pipeline_id is invalid" } };
	const found = project.pipelines.find((one) => String(one.id) === id);
	return found === undefined ? { status: 404, body: { message: "404 Not found" } } : then(found);
}

function variables({ project }: RouteContext, id = ""): FakeAnswer {
	return withPipeline(project, id, (one) =>
		one.foreign
			? { status: 403, body: { message: "403 Forbidden" } }
			: ok(Object.entries(one.variables).map(([key, value]) => ({ key, value, variable_type: "env_var" }))),
	);
}

/** The newest first, as GitLab has it. */
function jobs(context: RouteContext, id = "", kind = ""): FakeAnswer {
	const { project } = context;
	return withPipeline(project, id, (pipeline) => {
		const of = pipeline.jobs.filter((one) => !one.retried && (one.downstream !== null) === (kind === "bridges"));
		return paged(context, of.reverse(), (one) => jobJson(project, pipeline, one));
	});
}

function cancel({ project }: RouteContext, id = ""): FakeAnswer {
	return withPipeline(project, id, (one) => {
		one.cancelRequested = true;
		return ok(pipelineJson(project, one));
	});
}

function jobOf(project: FakeProject, id: string) {
	for (const pipeline of project.pipelines)
		for (const one of pipeline.jobs) if (String(one.id) === id) return { pipeline, one };
	return null;
}

function job({ project }: RouteContext, id = ""): FakeAnswer {
	const found = jobOf(project, id);
	return found === null
		? { status: 404, body: { message: "404 Not found" } }
		: ok(jobJson(project, found.pipeline, found.one));
}

function trace({ project }: RouteContext, id = ""): FakeAnswer {
	const found = jobOf(project, id);
	if (found === null) return { status: 404, body: { message: "404 Not found" } };
	return { status: 200, body: found.one.trace ?? "", headers: { "content-type": "text/plain" } };
}

function hooks(context: RouteContext): FakeAnswer {
	const { project } = context;
	if (project.accessLevel < 40) return { status: 403, body: { message: "403 Forbidden" } };
	return paged(context, project.hooks, ({ token, signing_token, ...hook }) => ({
		...hook,
		token_present: token !== undefined,
		signing_token_present: signing_token !== undefined,
	}));
}

function hookEvents(context: RouteContext, id = ""): FakeAnswer {
	const { project } = context;
	if (project.tells === "nothing" || !project.hooks.some((one) => String(one.id) === id)) return notFound("Hook");
	if (project.accessLevel < 40) return { status: 403, body: { message: "403 Forbidden" } };
	return paged(
		context,
		project.events.filter(({ hook }) => String(hook) === id),
		({ hook: _, ...event }) => event,
	);
}

function resend({ project }: RouteContext, hook = "", id = ""): FakeAnswer {
	if (project.tells !== "all") return notFound("Hook");
	const event = project.events.find((one) => String(one.hook) === hook && String(one.id) === id);
	if (event === undefined) return notFound("Hook event");
	const found = project.hooks.find((one) => String(one.id) === hook);
	if (found?.["alert_status"] === "disabled") return { status: 422, body: { message: "Hook is disabled" } };
	const answer = project.onResend(event);
	project.sent(event.hook, event.trigger, answer, event.request_headers["Idempotency-Key"]);
	return { status: 201, body: { response_status: Number(answer) } };
}

function addHook({ project, request }: RouteContext): FakeAnswer {
	if (project.accessLevel < 40) return { status: 403, body: { message: "403 Forbidden" } };
	const hook = { id: project.nextId(), url: "", ...(request.body as object) };
	project.hooks.push(hook);
	return { status: 201, body: hook };
}

function changeHook({ project, request }: RouteContext, id = ""): FakeAnswer {
	const hook = project.hooks.find((one) => String(one.id) === id);
	if (hook === undefined) return notFound("Hook");
	return ok(Object.assign(hook, request.body));
}

function paged<T>({ request, api }: RouteContext, all: readonly T[], json: (item: T) => unknown): FakeAnswer {
	const size = Math.min(Number(request.query.get("per_page") ?? 20), 100);
	const page = Number(request.query.get("page") ?? 1);
	const more = page * size < all.length;
	const next = `<${api}${request.path}?page=${page + 1}>; rel="next"`;
	return {
		status: 200,
		body: all.slice((page - 1) * size, page * size).map(json),
		headers: { "x-next-page": more ? String(page + 1) : "", ...(more ? { link: next } : {}) },
	};
}
