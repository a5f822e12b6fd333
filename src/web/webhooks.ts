import type { IncomingMessage, ServerResponse } from "node:http";
import type { WebhookHeaders, WebhookPort } from "../ports/pipeline.ts";
import { type IntegrationRow, IntegrationTable } from "../store/entities.ts";
import { enqueue } from "../store/jobs.ts";
import type { Metrics } from "./metrics.ts";
import { problem, type Reply, sendReply } from "./problem.ts";
import { readBody } from "./read-body.ts";
import type { WebServerContext } from "./server.ts";
import { unexpected } from "./unexpected.ts";

type Context = Pick<WebServerContext, "deps" | "webhooks" | "webhookSecretOf" | "log">;

const PATH = /^\/webhooks\/([a-z]+)\/([\w.-]{1,100})(?:\?|$)/;
/** As much as GitHub sends. */
const BODY_LIMIT = 25 * 1_024 * 1_024;
const KNOWN_FOR_MS = 3_000;
/** The connection cannot be used again when a body was left unread on it. */
const UNREAD = { connection: "close" };

/** `POST /webhooks/<provider>/<slug>`: verified over the raw bytes, stored with one insert, answered; read later by a job. */
export function createWebhookReceiver(context: Context, metrics: Metrics) {
	const integrations = integrationCache(context);

	async function receive(request: IncomingMessage): Promise<{ provider: string; reply: Reply }> {
		const [, provider = "", slug = ""] = PATH.exec(request.url ?? "") ?? [];
		const integration = (await integrations()).get(`${provider}/${slug}`);
		const port = integration === undefined ? undefined : context.webhooks[integration.provider];
		if (integration === undefined || port === undefined)
			return { provider: "unknown", reply: problem(404, "unknown_integration", "No such integration.", UNREAD) };
		const reply = await take(context, metrics, request, integration, port);
		return { provider, reply };
	}

	return (request: IncomingMessage, response: ServerResponse): void => {
		const began = performance.now();
		const answer = ({ provider, reply }: { provider: string; reply: Reply }) => {
			sendReply(response, reply);
			metrics.request("POST", `/webhooks/${provider}`, reply.status, (performance.now() - began) / 1_000);
		};
		receive(request).then(answer, (error: unknown) => {
			if (request.destroyed && !request.complete) return;
			answer({ provider: "unknown", reply: unexpected(context.log, error, "webhook") });
		});
	};
}

async function take(
	{ deps, webhookSecretOf }: Context,
	metrics: Metrics,
	request: IncomingMessage,
	integration: IntegrationRow,
	port: WebhookPort,
): Promise<Reply> {
	const { provider } = integration;
	const { headers } = request;
	const body = await readBody(request, BODY_LIMIT);
	if (body === "too_large") {
		metrics.webhook(provider, "too_large");
		return problem(413, "body_too_large", "A webhook has 25 MB at most.", UNREAD);
	}
	const secret = webhookSecretOf(integration);
	if (secret === null || secret === "" || !(await port.verify(secret, body, headers))) {
		metrics.webhook(provider, "bad_signature");
		return problem(401, "bad_signature", "The signature does not fit the secret of this integration.");
	}
	const because = port.ignoredBecause(headers);
	if (because !== null) {
		metrics.webhook(provider, "ignored");
		return { status: 200, body: { status: "ignored", because } };
	}
	// Read by the job `webhook`.
	const payload = { integrationId: integration.id, headers: keptHeaders(headers), body: body.toString("base64") };
	const dedupeKey = `webhook:${integration.id}:${port.deliveryKey(body, headers)}`;
	const fresh = await enqueue(deps.db, { kind: "webhook", dedupeKey, payload }, deps.now());
	if (fresh) deps.wake();
	metrics.webhook(provider, fresh ? "taken" : "seen_before");
	return fresh ? { status: 202, body: { status: "taken" } } : { status: 200, body: { status: "seen_before" } };
}

/** What a converter may ask for; signatures and tokens have done their work and are not stored. */
const KEPT =
	/^(content-type|x-github-(?!.*signature).+|x-gitlab-(?!token$).+|x-event-key|x-hook-uuid|x-request-uuid|webhook-(id|timestamp))$/;

function keptHeaders(headers: WebhookHeaders): Record<string, string> {
	return Object.fromEntries(
		Object.entries(headers).flatMap(([name, value]) =>
			typeof value === "string" && KEPT.test(name) ? [[name, value]] : [],
		),
	);
}

/** All of them at once (they are few), so that made-up names cost neither a query nor memory. */
function integrationCache({ deps }: Context): () => Promise<ReadonlyMap<string, IntegrationRow>> {
	let known: Promise<ReadonlyMap<string, IntegrationRow>> | null = null;
	let until = 0;
	return () => {
		const at = performance.now();
		if (known !== null && at < until) return known;
		until = at + KNOWN_FOR_MS;
		const next = deps.db
			.getRepository(IntegrationTable)
			.find()
			.then((rows) => new Map(rows.map((row): [string, IntegrationRow] => [`${row.provider}/${row.slug}`, row])));
		next.catch(() => {
			if (known === next) known = null;
		});
		known = next;
		return next;
	};
}
