import type { FakeAnswer, FakeRequest } from "../provider-server.ts";
import { checkJson, runJson } from "./answers.ts";
import type { FakeDelivery, FakeHook, FakeRepository, FakeRun } from "./state.ts";

interface RouteContext {
	readonly repository: FakeRepository;
	readonly request: FakeRequest;
	/** An Enterprise Server: no run details, ten inputs. */
	readonly enterprise: boolean;
}

type Route = (context: RouteContext, ...parts: string[]) => FakeAnswer;

export const notFound: FakeAnswer = { status: 404, body: { message: "Not Found" } };
const ok = (body: unknown): FakeAnswer => ({ status: 200, body });
const unprocessable = (message: string): FakeAnswer => ({ status: 422, body: { message } });

/** What is asked of one repository: the path behind `/repos/{owner}/{repo}`, decoded. */
const ROUTES: readonly (readonly [method: string, path: RegExp, route: Route])[] = [
	["GET", /^$/, ({ repository }) => ok(repositoryJson(repository))],
	["GET", /^\/git\/ref\/(.+)$/, gitRef],
	["GET", /^\/git\/matching-refs\/(.+)$/, matchingRefs],
	["GET", /^\/git\/tags\/([0-9a-f]+)$/, tagObject],
	["GET", /^\/branches$/, (context) => listed(context, "heads")],
	["GET", /^\/tags$/, (context) => listed(context, "tags")],
	["GET", /^\/commits\/(.+)\/check-runs$/, checkRuns],
	["GET", /^\/commits\/(.+)\/status$/, statuses],
	["GET", /^\/commits\/(.+)$/, commit],
	["GET", /^\/actions\/runs$/, (context) => runsOf(context, () => true)],
	["GET", /^\/actions\/workflows\/([^/]+)\/runs$/, workflowRuns],
	["POST", /^\/actions\/workflows\/([^/]+)\/dispatches$/, dispatch],
	["GET", /^\/actions\/runs\/(\d+)$/, run],
	["GET", /^\/actions\/runs\/(\d+)\/attempts\/(\d+)\/jobs$/, jobs],
	["GET", /^\/actions\/runs\/(\d+)\/jobs$/, jobs],
	["GET", /^\/actions\/jobs\/(\d+)\/logs$/, jobLog],
	["GET", /^\/compare\/([0-9a-f]+)\.\.\.([0-9a-f]+)$/, compare],
	["POST", /^\/actions\/runs\/(\d+)\/cancel$/, cancel],
	["POST", /^\/actions\/runs\/(\d+)\/force-cancel$/, forceCancel],
	["GET", /^\/check-runs\/(\d+)\/annotations$/, annotations],
	["GET", /^\/contents\/\.github\/workflows\/(.+)$/, contents],
	["GET", /^\/hooks$/, ({ repository }) => (repository.hooks === null ? notFound : ok(repository.hooks.map(masked)))],
	["POST", /^\/hooks$/, createHook],
	["PATCH", /^\/hooks\/(\d+)$/, changeHook],
	["GET", /^\/hooks\/(\d+)\/deliveries$/, deliveries],
	["POST", /^\/hooks\/(\d+)\/deliveries\/(\d+)\/attempts$/, attempt],
];

export function answerRepository(context: RouteContext, path: string): FakeAnswer {
	for (const [method, pattern, route] of ROUTES) {
		const match = method === context.request.method ? pattern.exec(path) : null;
		if (match !== null) return route(context, ...match.slice(1));
	}
	return notFound;
}

/** GitHub tells that there is a secret, and not which. */
function masked(hook: FakeHook) {
	const { secret, ...config } = hook.config;
	return { ...hook, config: { ...config, ...(secret === undefined ? {} : { secret: "********" }) } };
}

const FORBIDDEN: FakeAnswer = { status: 403, body: { message: "Resource not accessible by personal access token" } };

function createHook({ repository, request }: RouteContext): FakeAnswer {
	if (repository.hooks === null) return notFound;
	if (!repository.mayWriteHooks) return FORBIDDEN;
	const { active, events, config } = request.body as FakeHook;
	if (repository.hooks.some((one) => one.config.url === config.url))
		return { status: 422, body: { message: "Validation Failed", errors: [{ message: "Hook already exists" }] } };
	const hook: FakeHook = { id: repository.nextId(), active, events, config };
	repository.hooks.push(hook);
	return { status: 201, body: masked(hook) };
}

function changeHook({ repository, request }: RouteContext, id = ""): FakeAnswer {
	const hook = repository.hooks?.find((one) => String(one.id) === id);
	if (hook === undefined) return notFound;
	if (!repository.mayWriteHooks) return FORBIDDEN;
	Object.assign(hook, request.body, { last_response: { code: null } });
	return ok(masked(hook));
}

function deliveries({ repository }: RouteContext, id = ""): FakeAnswer {
	if (repository.hooks === null || !repository.hooks.some((one) => String(one.id) === id)) return notFound;
	return ok(repository.deliveries.filter((one) => String(one.hook) === id));
}

function attempt({ repository }: RouteContext, hook = "", id = ""): FakeAnswer {
	const known = repository.deliveries.find((one) => String(one.hook) === hook && String(one.id) === id);
	if (known === undefined) return notFound;
	if (!repository.mayWriteHooks) return FORBIDDEN;
	return attemptAgain(repository, known);
}

/** Answered before it has gone out. */
export function attemptAgain(repository: FakeRepository, known: FakeDelivery): FakeAnswer {
	void repository
		.onAttempt(known)
		.then((status) => repository.sent(known.hook, known.event, known.action, status, known.guid));
	return { status: 202, body: {} };
}

function repositoryJson(repository: FakeRepository) {
	return {
		id: repository.id,
		full_name: repository.name,
		default_branch: "main",
		archived: repository.archived,
		permissions: { push: repository.mayPush, pull: true },
	};
}

function gitRef({ repository }: RouteContext, path = ""): FakeAnswer {
	const object = repository.refs.get(path);
	return object === undefined ? notFound : ok({ ref: `refs/${path}`, object });
}

function matchingRefs({ repository }: RouteContext, path = ""): FakeAnswer {
	return ok(
		[...repository.refs]
			.filter(([name]) => name.startsWith(path))
			.map(([name, object]) => ({ ref: `refs/${name}`, object })),
	);
}

function tagObject({ repository }: RouteContext, sha = ""): FakeAnswer {
	const object = repository.tagObjects.get(sha);
	return object === undefined ? notFound : ok({ sha, object });
}

function listed({ repository, request }: RouteContext, folder: "heads" | "tags"): FakeAnswer {
	const refs = [...repository.refs.keys()]
		.filter((path) => path.startsWith(`${folder}/`))
		.map((path) => ({ name: path.slice(folder.length + 1), commit: { sha: repository.commit(path) } }))
		.sort((one, other) =>
			folder === "tags" ? other.name.localeCompare(one.name) : one.name.localeCompare(other.name),
		);
	return paged(request, refs, (items) => items);
}

function commit({ repository }: RouteContext, ref = ""): FakeAnswer {
	if (repository.commits.size === 0) return { status: 409, body: { message: "Git Repository is empty." } };
	const sha = repository.commit(ref);
	return sha === null || sha === "ambiguous" ? unprocessable(`No commit found for SHA: ${ref}`) : ok({ sha });
}

function checkRuns({ repository, request }: RouteContext, ref = ""): FakeAnswer {
	const sha = repository.commit(ref);
	const found = repository.checks.filter((check) => check.sha === sha).map(checkJson);
	return paged(request, found, (check_runs) => ({ total_count: found.length, check_runs }));
}

function statuses({ repository, request }: RouteContext, ref = ""): FakeAnswer {
	const sha = repository.commit(ref);
	const found = repository.statuses
		.filter((status) => status.sha === sha)
		.map(({ context, state }) => ({ context, state, target_url: `https://ci.test/${context}` }));
	// Without any, GitHub says "pending".
	const state = found.length > 0 && found.every((one) => one.state === "success") ? "success" : "pending";
	return paged(request, found, (page) => ({ state, sha, total_count: found.length, statuses: page }));
}

function workflowRuns(context: RouteContext, file = ""): FakeAnswer {
	return context.repository.workflows.has(file) ? runsOf(context, (run) => run.file === file) : notFound;
}

function runsOf({ repository, request }: RouteContext, fits: (run: FakeRun) => boolean): FakeAnswer {
	const { query } = request;
	const [event, sha, created] = ["event", "head_sha", "created"].map((name) => query.get(name));
	const since = created?.startsWith(">=") ? Date.parse(created.slice(2)) : 0;
	const found = repository.runs
		.filter(fits)
		.filter((one) => (event ?? one.event) === one.event && (sha ?? one.head_sha) === one.head_sha)
		.filter((one) => Date.parse(one.created_at) >= since)
		.map((one) => runJson(repository, one))
		.reverse();
	return paged(request, found, (workflow_runs) => ({ total_count: found.length, workflow_runs }));
}

function dispatch({ repository, request, enterprise }: RouteContext, file = ""): FakeAnswer {
	const workflow = repository.workflows.get(file);
	if (workflow === undefined) return notFound;
	const body = request.body as { ref: string; inputs?: Record<string, unknown>; return_run_details?: boolean };
	if (enterprise && body.return_run_details !== undefined)
		return unprocessable('Invalid request.\n\n"return_run_details" is not a permitted key.');
	if (!workflow.enabled) return unprocessable("Cannot trigger a 'workflow_dispatch' on a disabled workflow");
	// Which one a name of both is taken for is documented nowhere: here it is the branch, which is not git's own order.
	const full = [body.ref, `refs/heads/${body.ref}`, `refs/tags/${body.ref}`];
	const found = full.map((one) => one.replace(/^refs\//, "")).find((one) => repository.refs.has(one));
	if (found === undefined) return unprocessable(`No ref found for: ${body.ref}`);
	if (!workflow.dispatch) return unprocessable("Workflow does not have 'workflow_dispatch' trigger");
	const inputs = body.inputs ?? {};
	const names = Object.keys(inputs);
	const most = enterprise ? 10 : 25;
	if (names.length > most)
		return unprocessable(`you may only define up to ${most} \`inputs\` for a \`workflow_dispatch\` event`);
	const unexpected = names.filter((one) => !workflow.inputs.includes(one));
	if (unexpected.length > 0) return unprocessable(`Unexpected inputs provided: ${JSON.stringify(unexpected)}`);
	const missing = workflow.required.find((one) => !names.includes(one));
	if (missing !== undefined) return unprocessable(`Required input '${missing}' not provided`);
	const texts: Record<string, string> = {};
	for (const [key, value] of Object.entries(inputs)) {
		if (typeof value !== "string") return unprocessable(`Invalid value for input '${key}'`);
		texts[key] = value;
	}
	const started = repository.start(file, {
		sha: repository.commit(`refs/${found}`) ?? "",
		branch: found.replace(/^(heads|tags)\//, ""),
		title: workflow.runName?.(texts) ?? "Deploy",
		inputs: texts,
	});
	if (body.return_run_details !== true) return { status: 204 };
	const path = `/${repository.name}/actions/runs/${started.id}`;
	return ok({
		workflow_run_id: started.id,
		run_url: `https://api.github.test/repos${path}`,
		html_url: `https://github.test${path}`,
	});
}

function run({ repository }: RouteContext, id = ""): FakeAnswer {
	const found = repository.runs.find((one) => String(one.id) === id);
	return found === undefined ? notFound : ok(runJson(repository, found));
}

function jobs({ repository }: RouteContext, id = ""): FakeAnswer {
	const found = repository.runs.find((one) => String(one.id) === id);
	if (found === undefined) return notFound;
	const shown = found.jobs.map(({ annotations: _, log: __, ...job }) => ({
		status: job.conclusion === null ? found.status : "completed",
		html_url: `https://github.test/${repository.name}/actions/runs/${id}/job/${job.id}`,
		...job,
	}));
	return ok({ total_count: shown.length, jobs: shown });
}

function jobLog({ repository }: RouteContext, id = ""): FakeAnswer {
	const job = repository.runs.flatMap((one) => one.jobs).find((one) => String(one.id) === id);
	return job?.log == null ? notFound : { status: 302, body: null, headers: { location: job.log } };
}

/** The history is what the repository was told: each commit has one parent at most. */
function compare({ repository, request }: RouteContext, base = "", head = ""): FakeAnswer {
	const before = repository.historyOf(base);
	const after = repository.historyOf(head);
	if (before === null || after === null) return notFound;
	const without = (some: string[], others: string[]) => some.filter((sha) => !others.includes(sha));
	const ahead = without(after, before).reverse();
	const commits = ahead.map((sha) => repository.commitJson(sha));
	return paged(request, commits, (page) => ({
		ahead_by: ahead.length,
		behind_by: without(before, after).length,
		html_url: `https://github.test/${repository.name}/compare/${base}...${head}`,
		commits: page,
	}));
}

function annotations({ repository }: RouteContext, id = ""): FakeAnswer {
	const job = repository.runs.flatMap((one) => one.jobs).find((one) => String(one.id) === id);
	return ok((job?.annotations ?? []).map((message) => ({ message, annotation_level: "failure" })));
}

function cancel({ repository }: RouteContext, id = ""): FakeAnswer {
	const found = repository.runs.find((one) => String(one.id) === id);
	if (found === undefined) return notFound;
	if (found.status === "completed")
		return { status: 409, body: { message: "Cannot cancel a workflow run that is completed." } };
	found.cancelRequested = true;
	if (repository.obeysCancel) repository.set(found, "completed", "cancelled");
	return { status: 202, body: {} };
}

function forceCancel(context: RouteContext, id = ""): FakeAnswer {
	const answer = cancel(context, id);
	const found = context.repository.runs.find((one) => String(one.id) === id);
	if (answer.status === 202 && found !== undefined) context.repository.set(found, "completed", "cancelled");
	return answer;
}

function contents({ repository }: RouteContext, file = ""): FakeAnswer {
	const workflow = repository.workflows.get(file);
	return workflow === undefined
		? notFound
		: ok({ encoding: "base64", content: Buffer.from(workflow.content).toString("base64").replace(/.{60}/g, "$&\n") });
}

function paged<T>(request: FakeRequest, all: readonly T[], body: (items: readonly T[]) => unknown): FakeAnswer {
	const size = Math.min(Number(request.query.get("per_page") ?? 30), 100);
	const page = Number(request.query.get("page") ?? 1);
	const items = all.slice((page - 1) * size, page * size);
	const more = page * size < all.length;
	const link = `<http://links.test${request.path}?page=${page + 1}>; rel="next"`;
	return { status: 200, body: body(items), headers: more ? { link } : {} };
}
