import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createNodeMiddleware, Webhooks } from "@octokit/webhooks";
import { App, HTTPReceiver, LogLevel } from "@slack/bolt";
import { githubWebhook } from "../../adapters/github/webhook.ts";
import { createSlack } from "../../adapters/slack/app.ts";
import { openDataSource } from "../../src/store/data-source.ts";
import { groupedEnqueue } from "../../src/store/grouped-enqueue.ts";
import { createFront } from "../../src/use-cases/front.ts";
import { createWebServer } from "../../src/web/server.ts";
import { benchDeps } from "./bench-deps.ts";

/** `octokit` verifies webhooks, `bolt` takes commands, and neither stores anything. `ours` stores both before it answers. */
export type ServerKind = "octokit" | "bolt" | "ours";

export const SECRET = "the secret that both sides have";

const SERVERS: Readonly<Record<ServerKind, () => Promise<number>>> = {
	async octokit() {
		const webhooks = new Webhooks({ secret: SECRET, log: QUIET });
		webhooks.on("workflow_run", () => {});
		return listen(createNodeMiddleware(webhooks, { path: "/webhooks/github/acme-github", log: QUIET }));
	},
	async bolt() {
		const receiver = new HTTPReceiver({ signingSecret: SECRET, logLevel: LogLevel.ERROR });
		const authorize = async () => ({ botToken: "xoxb-bench", botId: "B1", botUserId: "U1" });
		const app = new App({ receiver, authorize, logLevel: LogLevel.ERROR, convoStore: false });
		app.command("/deploy", async ({ ack }) => ack());
		return ((await receiver.start({ port: 0, host: "127.0.0.1" })).address() as AddressInfo).port;
	},
	ours,
};

const QUIET = { debug() {}, info() {}, warn: console.warn, error: console.error };

/** Everything that `serve` puts before a request, and the storing behind it. */
async function ours(): Promise<number> {
	const deps = benchDeps(await openDataSource(process.env["BENCH_DATABASE_URL"] ?? ""));
	const front = createFront(deps);
	const put = groupedEnqueue(deps.db, deps.now);
	const slack = createSlack({
		...{ botToken: "xoxb-bench", signingSecret: SECRET, front: () => front, log: deps.log },
		store: async ({ body, ...keys }) => {
			if (await put({ kind: "slack_in", ...keys, payload: body })) deps.wake();
		},
	});
	const server = createWebServer({
		...{ deps, front, log: deps.log, slackInbox: slack.inbox, teamsInbox: null, webhooks: { github: githubWebhook } },
		webhookSecretOf: () => SECRET,
		ready: async () => ({ ok: true }),
	});
	return (await server.listen({ host: "127.0.0.1", port: 0 })).port;
}

async function listen(listener: RequestListener): Promise<number> {
	const server = createServer(listener);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return (server.address() as AddressInfo).port;
}

// Imported for its names, this file starts nothing.
if (process.send !== undefined) {
	// It never outlives the bench.
	process.once("disconnect", () => process.exit(0));
	const port = await SERVERS[process.argv[2] as ServerKind]();
	process.send({ port });
}
