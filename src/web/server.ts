import { once, setMaxListeners } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import type { Deps } from "../deps.ts";
import type { Finding } from "../ports/checkup.ts";
import type { Front } from "../ports/front.ts";
import type { Inbox } from "../ports/inbox.ts";
import type { WebhookPort } from "../ports/pipeline.ts";
import type { IntegrationRow, Provider } from "../store/entities.ts";
import type { Readiness } from "../store/readiness.ts";
import type { Rates } from "./api/admit.ts";
import { createApp } from "./app.ts";
import { createMetrics } from "./metrics.ts";
import type { PageRates } from "./pages/gate.ts";
import type { OpenId } from "./pages/open-id.ts";
import { PROBLEM_TYPE, problem, type Reply, sendReply } from "./problem.ts";
import { bodyReader } from "./read-body.ts";
import { unexpected } from "./unexpected.ts";
import { createWebhookReceiver } from "./webhooks.ts";

export interface WebServerContext {
	readonly deps: Deps;
	readonly front: Front;
	/** Takes `POST /slack/events`; null: there is no Slack, or it comes by Socket Mode. */
	readonly slackInbox: Inbox | null;
	/** Takes `POST /api/messages`; null: there is no Teams. */
	readonly teamsInbox: Inbox | null;
	readonly webhooks: Partial<Record<Provider, WebhookPort>>;
	/** The opened webhook secret of an integration; null: it has none, and every delivery is refused. */
	readonly webhookSecretOf: (integration: IntegrationRow) => string | null;
	/** Whether requests can be served; `why` is one sentence. */
	readonly ready: () => Promise<Readiness>;
	/** Where the checkpoints of the audit trail lie; absent: this server keeps none. */
	readonly dataDir?: string;
	/** Signs people in by OpenID Connect; absent: it is not configured. */
	readonly openId?: OpenId;
	/** Looks at an integration and its projects at the provider; with `fix` it sets their webhooks up first. Absent: this server cannot. */
	readonly examineIntegration?: (
		row: IntegrationRow,
		options: { readonly fix: boolean },
	) => Promise<readonly Finding[]>;
	/** What is taken of one caller; absent: the usual. */
	readonly rates?: Rates;
	/** The same of pages. */
	readonly pageRates?: PageRates;
	readonly log: Logger;
}

export interface WebServer {
	/** Throws when the address cannot be had. Port 0 takes any. */
	listen(at: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }>;
	/** Takes nothing new, ends long polls, and gives what is under way 10 s to finish. */
	close(): Promise<void>;
}

const LIMITS = {
	headersTimeout: 15_000,
	/** To receive a request as a whole; an answer may take longer (long polls). */
	requestTimeout: 30_000,
	connectionsCheckingInterval: 5_000,
	/** Longer than what load balancers keep theirs. */
	keepAliveTimeout: 75_000,
	maxHeaderSize: 16_384,
};
const CLOSE_WITHIN_MS = 10_000;

/** What came is no request, or not all of one. */
function unreadable(code: string | undefined): Reply {
	switch (code) {
		case "HPE_HEADER_OVERFLOW":
			return problem(431, "headers_too_large", "The headers are larger than the 16 KB that are taken here.");
		case "ERR_HTTP_REQUEST_TIMEOUT":
			return problem(408, "request_too_slow", "The request did not arrive in time: send it again.");
		default:
			return problem(400, "malformed_request", "This is not a request that can be read.");
	}
}

/** One server: the two hot paths go past the framework, everything else through it. */
export function createWebServer(context: WebServerContext): WebServer {
	const { slackInbox, teamsInbox, log } = context;
	const closing = new AbortController();
	// Every request under way listens to it.
	setMaxListeners(0, closing.signal);
	const metrics = createMetrics(context);
	const app = createApp({ ...context, metrics, closing: closing.signal });
	const read = bodyReader();
	const receiveWebhook = createWebhookReceiver({ ...context, read }, metrics);
	const open = new Set<ServerResponse>();

	function take(request: IncomingMessage, response: ServerResponse): void {
		response.setHeader("x-content-type-options", "nosniff");
		if (closing.signal.aborted) {
			sendReply(response, problem(503, "closing", "This server is shutting down.", { connection: "close" }));
			return;
		}
		open.add(response);
		response.once("close", () => open.delete(response));
		const path = request.url ?? "/";
		if (request.method === "POST" && path.startsWith("/webhooks/")) receiveWebhook(request, response);
		else if (request.method === "POST" && path === "/slack/events" && slackInbox !== null)
			slackInbox(request, response, read);
		else if (request.method === "POST" && path === "/api/messages" && teamsInbox !== null)
			teamsInbox(request, response, read);
		else app.routing(request, response);
	}

	const server = createServer(LIMITS, (request, response) => {
		try {
			take(request, response);
		} catch (error) {
			sendReply(response, unexpected(log, error, "before it was routed"));
		}
	});
	server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
		if (error.code === "ECONNRESET" || !socket.writable) {
			socket.destroy();
			return;
		}
		const { status, body } = unreadable(error.code);
		const text = JSON.stringify(body);
		socket.end(
			`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${text.length}\r\nconnection: close\r\n\r\n${text}`,
		);
	});

	let closed: Promise<void> | null = null;
	async function close(): Promise<void> {
		closing.abort();
		for (const response of open) if (!response.headersSent) response.setHeader("connection", "close");
		const ended = server.listening ? new Promise((resolve) => server.close(resolve)) : Promise.resolve();
		const idle = setInterval(() => server.closeIdleConnections(), 50);
		const late = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS);
		await ended;
		clearInterval(idle);
		clearTimeout(late);
		await app.close();
	}

	return {
		async listen({ host, port }) {
			await app.ready();
			server.listen(port, host);
			await once(server, "listening");
			return { port: (server.address() as AddressInfo).port };
		},
		close() {
			closed ??= close();
			return closed;
		},
	};
}
