import fastify, { type FastifyError, type FastifyInstance, type FastifyRequest } from "fastify";
import { makeGate } from "./api/admit.ts";
import { auditEndpoints } from "./api/audit.ts";
import { commandEndpoints } from "./api/commands.ts";
import { configurationEndpoints } from "./api/configuration.ts";
import { deliveryEndpoints } from "./api/deliveries.ts";
import { type Endpoint, register } from "./api/endpoint.ts";
import { evidenceEndpoints } from "./api/evidence.ts";
import { freezeEndpoints } from "./api/freezes.ts";
import { integrationCareEndpoints } from "./api/integration-care.ts";
import { lockEndpoints } from "./api/locks.ts";
import { describeApi } from "./api/openapi.ts";
import { peopleEndpoints } from "./api/people.ts";
import { reportEndpoints } from "./api/reports.ts";
import { logEndpoints } from "./api/run-log.ts";
import { runnerEndpoints } from "./api/runner.ts";
import { runEndpoints } from "./api/runs.ts";
import { storyEndpoints } from "./api/story.ts";
import { tokenEndpoints } from "./api/tokens.ts";
import { verificationEndpoints } from "./api/verification.ts";
import { whatWouldChangeEndpoints } from "./api/what-would-change.ts";
import { addHealth } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import { nothingHere } from "./pages/page.tsx";
import { addPages, PAGES } from "./pages/register.ts";
import { problem, type Reply } from "./problem.ts";
import { send } from "./send.ts";
import type { WebServerContext } from "./server.ts";
import { unexpected } from "./unexpected.ts";

export interface AppContext extends WebServerContext {
	readonly metrics: Metrics;
	/** Aborted when the server closes: whoever waits for something answers now. */
	readonly closing: AbortSignal;
}

export const API = "/api/v1";
const BODY_LIMIT = 1_048_576;

/** Every endpoint under /api/v1. */
export const ENDPOINTS: readonly Endpoint[] = [
	...runEndpoints,
	...storyEndpoints,
	...logEndpoints,
	...commandEndpoints,
	...lockEndpoints,
	...freezeEndpoints,
	...auditEndpoints,
	...verificationEndpoints,
	...evidenceEndpoints,
	...tokenEndpoints,
	...peopleEndpoints,
	...integrationCareEndpoints,
	...whatWouldChangeEndpoints,
	...configurationEndpoints,
	...deliveryEndpoints,
	...reportEndpoints,
	...runnerEndpoints,
];

/** Everything but the two hot paths. It never listens by itself. */
export function createApp(context: AppContext): FastifyInstance {
	const { log, metrics } = context;
	const app = fastify({
		bodyLimit: BODY_LIMIT,
		logger: false,
		frameworkErrors: (error, _request, reply) => void send(reply, requestProblem(error)),
	});

	const readJson = app.getDefaultJsonParser("error", "error");
	app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
		// Of many clients that say "JSON" and send nothing, all mean "no body".
		if (body.length === 0) done(null, undefined);
		else readJson(request, body.toString(), done);
	});

	app.setErrorHandler((error: FastifyError, request, reply) => {
		const ours = error.statusCode === undefined || error.statusCode >= 500;
		const route = request.routeOptions.url ?? "unknown";
		return send(reply, ours ? unexpected(log, error, `${request.method} ${route}`) : requestProblem(error));
	});
	app.setNotFoundHandler((request, reply) =>
		isForPeople(request) ? nothingHere(reply) : send(reply, nothingThere(request)),
	);
	app.addHook("onResponse", async (request, reply) =>
		metrics.request(request.method, request.routeOptions.url ?? "unknown", reply.statusCode, reply.elapsedTime / 1_000),
	);

	addHealth(app, context);
	app.register(async (pages) => addPages(pages, context));
	const description = describeApi(API, ENDPOINTS);
	app.get(`${API}/openapi.json`, async () => description);
	const admit = makeGate(context);
	for (const endpoint of ENDPOINTS) register(app, { ...context, admit }, `${API}${endpoint.path}`, endpoint);
	return app;
}

/** A browser that looks for a page. */
function isForPeople({ method, url, headers }: FastifyRequest): boolean {
	return method === "GET" && !url.startsWith("/api/") && headers.accept?.includes("text/html") === true;
}

/** Paths that take POST and go past the framework, with those of the API. */
const PATHS = [
	...ENDPOINTS.map(({ method, path }) => ({ method, path: `${API}${path}` })),
	{ method: "GET", path: `${API}/openapi.json` },
	...PAGES.map(({ method, path }) => ({ method, path })),
	...["/healthz", "/readyz", "/metrics"].map((path) => ({ method: "GET", path })),
	{ method: "POST", path: "/webhooks/:provider/:slug" },
	{ method: "POST", path: "/slack/events" },
].map(({ method, path }) => ({
	method,
	fits: new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+").replaceAll(".", "\\.")}$`),
}));

/** Nothing at this path, or nothing for this method. */
function nothingThere({ url, method }: FastifyRequest): Reply {
	const path = url.replace(/\?.*$/s, "");
	const methods = [...new Set(PATHS.filter(({ fits }) => fits.test(path)).map((one) => one.method))];
	if (methods.length === 0 || methods.includes(method))
		return problem(404, "not_found", "There is nothing at this path.");
	const allow = methods.includes("GET") ? [...methods, "HEAD"] : methods;
	return problem(405, "method_not_allowed", `This path takes ${methods.join(", ")}.`, { allow: allow.join(", ") });
}

/** What is wrong with a request before anybody looked at what it means. */
function requestProblem(error: FastifyError): Reply {
	switch (error.code) {
		case "FST_ERR_CTP_BODY_TOO_LARGE":
			return problem(413, "body_too_large", "The body is larger than what is taken here.", { connection: "close" });
		case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
			return problem(415, "unsupported_media_type", "Send application/json (or text/plain, for log lines).");
		case "FST_ERR_CTP_INVALID_JSON_BODY":
			return problem(400, "malformed_json", "The body is not JSON.");
		default:
			return problem(error.statusCode ?? 400, "malformed_request", "This is not a request that can be read.");
	}
}
