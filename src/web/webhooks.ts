import type { IncomingMessage, ServerResponse } from "node:http";
import type { ReadBody } from "../ports/inbox.ts";
import type { WebhookPort } from "../ports/pipeline.ts";
import { type IntegrationRow, IntegrationTable } from "../store/entities.ts";
import { groupedEnqueue } from "../store/grouped-enqueue.ts";
import { type DeliveryOutcome, deliveryNotes } from "../store/webhook-deliveries.ts";
import type { WebhookJob } from "../use-cases/webhook-job.ts";
import type { Metrics } from "./metrics.ts";
import { problem, type Reply, sendReply } from "./problem.ts";
import type { WebServerContext } from "./server.ts";
import { unexpected } from "./unexpected.ts";

interface Context extends Pick<WebServerContext, "deps" | "webhooks" | "webhookSecretOf" | "log"> {
	readonly store: ReturnType<typeof groupedEnqueue>;
	readonly read: ReadBody;
	readonly note: ReturnType<typeof deliveryNotes>;
}

const PATH = /^\/webhooks\/([a-z]+)\/([\w.-]{1,100})(?:\?|$)/;
const MB = 1_024 * 1_024;
/** As much as GitHub sends. */
const BODY_LIMIT = 25 * MB;
const BUSY_FOR_SECONDS = 5;
const KNOWN_FOR_MS = 3_000;
/** After this long they are read again for a name or a signature that does not fit: configuration may have changed. */
const TRUSTED_FOR_MS = 250;
/** The connection cannot be used again when a body was left unread on it. */
const UNREAD = { connection: "close" };

/** `POST /webhooks/<provider>/<slug>`: verified over the raw bytes, read, stored durably, answered; what follows from it is a job. */
export function createWebhookReceiver(web: Omit<Context, "store" | "note">, metrics: Metrics) {
	const context: Context = {
		...web,
		store: groupedEnqueue(web.deps.db, web.deps.now),
		note: deliveryNotes(web.deps.db, web.deps.now, (error) =>
			web.log.warn({ err: error }, "the time of a webhook was not noted"),
		),
	};
	const integrations = integrationCache(context);

	async function receive({ request, response }: Exchange): Promise<{ provider: string; reply: Reply }> {
		const [, provider = "", slug = ""] = PATH.exec(request.url ?? "") ?? [];
		const name = `${provider}/${slug}`;
		const integration = (await integrations(KNOWN_FOR_MS)).get(name) ?? (await integrations(TRUSTED_FOR_MS)).get(name);
		const port = integration === undefined ? undefined : context.webhooks[integration.provider];
		if (integration === undefined || port === undefined)
			return { provider: "unknown", reply: problem(404, "unknown_integration", "No such integration.", UNREAD) };
		const again = async () => (await integrations(TRUSTED_FOR_MS)).get(name);
		return { provider, reply: await take(context, metrics, { request, response }, { integration, again }, port) };
	}

	return (request: IncomingMessage, response: ServerResponse): void => {
		const began = performance.now();
		const answer = ({ provider, reply }: { provider: string; reply: Reply }) => {
			sendReply(response, reply);
			metrics.request("POST", `/webhooks/${provider}`, reply.status, (performance.now() - began) / 1_000);
		};
		receive({ request, response }).then(answer, (error: unknown) => {
			if (request.destroyed && !request.complete) return;
			answer({ provider: "unknown", reply: unexpected(context.log, error, "webhook") });
		});
	};
}

interface Exchange {
	readonly request: IncomingMessage;
	readonly response: ServerResponse;
}

interface Known {
	readonly integration: IntegrationRow;
	/** As it is configured now. */
	readonly again: () => Promise<IntegrationRow | undefined>;
}

async function take(
	context: Context,
	metrics: Metrics,
	{ request, response }: Exchange,
	known: Known,
	port: WebhookPort,
): Promise<Reply> {
	const { provider } = known.integration;
	const body = await context.read(request, response, BODY_LIMIT);
	if (body === "too_large") {
		metrics.webhook(provider, "too_large");
		return problem(413, "body_too_large", "A webhook has 25 MB at most.", UNREAD);
	}
	if (body === "busy") {
		metrics.webhook(provider, "busy");
		const headers = { ...UNREAD, "retry-after": String(BUSY_FOR_SECONDS) };
		return problem(503, "busy", "Too many large webhooks arrive at the same time: send it again.", headers);
	}
	if (body === "too_slow") {
		metrics.webhook(provider, "too_slow");
		return problem(408, "request_too_slow", "The webhook did not arrive in time: send it again.", UNREAD);
	}
	return judge(context, metrics, request.headers, body, known, port);
}

async function judge(
	{ deps, store, webhookSecretOf, note }: Context,
	metrics: Metrics,
	headers: IncomingMessage["headers"],
	body: Buffer,
	{ integration, again }: Known,
	port: WebhookPort,
): Promise<Reply> {
	const { provider } = integration;
	const became = (outcome: DeliveryOutcome) => {
		metrics.webhook(provider, outcome);
		note(integration.id, outcome);
	};
	const fits = async (row: IntegrationRow): Promise<boolean> => {
		const secret = webhookSecretOf(row);
		return secret !== null && secret !== "" && (await port.verify(secret, body, headers, deps.now()));
	};
	const fitsNow = async (): Promise<boolean> => {
		const now = await again();
		return now !== undefined && now !== integration && fits(now);
	};
	if (!(await fits(integration)) && !(await fitsNow())) {
		became("bad_signature");
		return problem(401, "bad_signature", "The signature does not fit the secret of this integration.");
	}
	const because = port.ignoredBecause(headers);
	if (because !== null) {
		became("ignored");
		return { status: 200, body: { status: "ignored", because } };
	}
	// What it says is stored, not its bytes: a hundredth of them, and Postgres need not take 20 KB apart to keep them.
	const content = port.read(body, headers);
	if (content.kind === "ignored") {
		became("ignored");
		return { status: 200, body: { status: "ignored", because: content.because } };
	}
	const payload: WebhookJob = { integrationId: integration.id, content };
	const dedupeKey = `webhook:${integration.id}:${port.deliveryKey(body, headers)}`;
	const fresh = await store({ kind: "webhook", dedupeKey, payload });
	if (fresh) deps.wake();
	became(fresh ? "taken" : "seen_before");
	return fresh ? { status: 202, body: { status: "taken" } } : { status: 200, body: { status: "seen_before" } };
}

/** All of them at once (they are few), so that made-up names cost neither a query nor memory. */
function integrationCache({ deps }: Context): (forMs: number) => Promise<ReadonlyMap<string, IntegrationRow>> {
	let known: Promise<ReadonlyMap<string, IntegrationRow>> | null = null;
	let readAt = 0;
	return (forMs) => {
		const at = performance.now();
		if (known !== null && at < readAt + forMs) return known;
		readAt = at;
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
