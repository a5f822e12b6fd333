import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { adaptiveCardProblems } from "../adapters/teams/adaptive-card-schema.ts";
import { type Json, TeamsDirectory } from "./teams-directory.ts";
import { TeamsKeys } from "./teams-keys.ts";

/** A message as it stands in Teams. */
export interface TeamsMessage {
	readonly id: string;
	/** Its thread, or the chat. */
	readonly conversation: string;
	readonly replyTo: string | null;
	card: Json;
	summary: string;
	edits: number;
}

/**
 * `status`: answered with it, nothing happens. `answer_lost`: it happens, and the connection breaks. `hangs`: nothing happens, and
 * there is no answer.
 */
export type TeamsFault =
	| { status: number; code?: string; message?: string; retryAfter?: number }
	| "answer_lost"
	| "hangs";
export type TeamsOperation =
	| "token"
	| "create"
	| "send"
	| "update"
	| "users"
	| "groups"
	| "members"
	| "roster"
	| "checkMemberGroups"
	| "keys";

/** Microsoft's side over HTTP: sign-in, signing keys, the Bot Connector and Graph, each with its own state. */
export class TeamsServer {
	readonly tenant = "11111111-2222-3333-4444-555555555555";
	readonly appId = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
	readonly appPassword = "fake-app-password";
	readonly botId = "28:aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
	readonly keys = new TeamsKeys("key-1");
	readonly directory = new TeamsDirectory();
	readonly messages: TeamsMessage[] = [];
	/** Channels of teams that have the app. */
	readonly joined = new Set<string>();
	/** Who is in a channel; nobody is told of one that is not here. */
	readonly rosters = new Map<string, readonly string[]>();
	/** People who have the app. */
	readonly installed = new Set<string>();
	/** A message that is larger is refused with 413. */
	maxBytes = 100_000;
	/** Tokens that were given are not accepted, and none is given. */
	tokenRevoked = false;
	/** What may be said in one conversation, its threads included; more is refused with 429. */
	limits: readonly { readonly count: number; readonly withinMs: number }[] = [];
	/** What it breaks at whenever it is in a message. */
	stumblesOver: string | null = null;
	refusedForPace = 0;
	/** Requests that were left without an answer. */
	hanging = 0;
	now: () => number = Date.now;
	/** Where the Connector is; at any other place it is no more. */
	region = "connector";
	tokensGiven = 0;
	/** Requests that came with no token of ours. */
	unauthorized = 0;
	#faults: { operation: TeamsOperation; fault: TeamsFault }[] = [];
	#server: Server | null = null;
	#base = "";
	/** The library keeps keys by their address: no two fakes share one. */
	readonly #name = randomUUID();
	#last = 1_000;
	readonly #said = new Map<string, number[]>();

	async listen(): Promise<void> {
		this.#server = createServer((request, response) => void this.#serve(request, response));
		this.#server.listen(0, "127.0.0.1");
		await once(this.#server, "listening");
		const { port } = this.#server.address() as AddressInfo;
		this.#base = `http://127.0.0.1:${port}`;
	}

	async stop(): Promise<void> {
		this.#server?.closeAllConnections();
		await new Promise((resolve) => this.#server?.close(resolve));
	}

	get serviceUrl(): string {
		return `${this.#base}/${this.region}/`;
	}
	get loginUrl(): string {
		return `${this.#base}/login/${this.tenant}`;
	}
	get openIdUrl(): string {
		return `${this.#base}/openid/${this.#name}`;
	}
	get graphUrl(): string {
		return `${this.#base}/graph`;
	}

	/** What goes wrong with the next calls of an operation, in order. */
	fail(operation: TeamsOperation, ...faults: TeamsFault[]): void {
		this.#faults.push(...faults.map((fault) => ({ operation, fault })));
	}

	next(): string {
		this.#last += 1;
		return String(this.#last);
	}

	async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk);
		const raw = Buffer.concat(chunks);
		const path = decodeURIComponent((request.url ?? "").replace(/\?.*$/, ""));
		const found = this.#route(request.method ?? "", path, request);
		if (found === null) return reply(response, 404, { error: { code: "ServiceError" } });
		const at = this.#faults.findIndex((one) => one.operation === found.operation);
		const [fault] = at < 0 ? [] : this.#faults.splice(at, 1);
		if (fault?.fault === "hangs") {
			this.hanging += 1;
			return;
		}
		if (fault !== undefined && fault.fault !== "answer_lost") {
			const { status, code, message, retryAfter } = fault.fault;
			const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
			return reply(response, status, code === undefined ? {} : { error: { code, message } }, headers);
		}
		if (found.secured && !this.#knows(request.headers.authorization)) {
			this.unauthorized += 1;
			return reply(response, 401, { error: { code: "Unauthorized" } });
		}
		const wait = found.conversation === undefined ? 0 : this.#waitIn(found.conversation);
		const answer = wait > 0 ? this.#tooFast(wait) : found.act(raw);
		if (fault?.fault === "answer_lost") response.destroy();
		else reply(response, answer.status, answer.body, answer.headers);
	}

	/** 0: it counts as said; else how long there is no room for more, ms. */
	#waitIn(conversation: string): number {
		const [room = conversation] = conversation.split(";");
		const said = this.#said.get(room) ?? [];
		const waits = this.limits.map(({ count, withinMs }) => {
			const oldest = said.at(-count);
			return oldest === undefined ? 0 : oldest + withinMs - this.now();
		});
		const wait = Math.max(0, ...waits);
		if (wait === 0) this.#said.set(room, [...said, this.now()]);
		return wait;
	}

	#tooFast(wait: number): Reply {
		this.refusedForPace += 1;
		return { status: 429, body: {}, headers: { "retry-after": String(Math.ceil(wait / 1_000)) } };
	}

	#knows(authorization: string | undefined): boolean {
		return !this.tokenRevoked && /^Bearer token-\d+-(bot|graph)$/.test(authorization ?? "");
	}

	#route(method: string, path: string, { url, headers }: IncomingMessage): Route | null {
		if (path === `/login/${this.tenant}/oauth2/v2.0/token`)
			return { operation: "token", secured: false, act: (raw) => this.#token(raw) };
		if (path.startsWith("/openid/"))
			return { operation: "keys", secured: false, act: () => ok({ jwks_uri: `${this.#base}/keys` }) };
		if (path === "/keys") return { operation: "keys", secured: false, act: () => ok({ keys: [this.keys.jwk] }) };
		const group = /^\/graph\/v1\.0\/groups\/([^/]+)\/transitiveMembers\/microsoft\.graph\.user$/.exec(path)?.[1];
		if (group !== undefined) {
			const { searchParams } = new URL(url ?? "", this.#base);
			const eventual = headers["consistencylevel"] === "eventual";
			const act = () => this.directory.members(group, searchParams, eventual, `${this.#base}${path}`);
			return { operation: "members", secured: true, act };
		}
		if (path.startsWith("/graph/v1.0/")) {
			const operation = path.endsWith("/checkMemberGroups")
				? "checkMemberGroups"
				: path.startsWith("/graph/v1.0/groups")
					? "groups"
					: "users";
			const act = (raw: Buffer) => this.directory.answer(method, path.slice("/graph/v1.0".length), json(raw));
			return { operation, secured: true, act };
		}
		if (!path.startsWith(`/${this.region}/`)) return null;
		const inConnector = path.slice(this.region.length + 1);
		const roster = /^\/v3\/conversations\/([^/]+)\/pagedmembers$/.exec(inConnector)?.[1];
		if (roster !== undefined) {
			const { searchParams } = new URL(url ?? "", this.#base);
			return { operation: "roster", secured: true, act: () => this.#roster(roster, searchParams) };
		}
		const [, conversation, activity] =
			/^\/v3\/conversations(?:\/([^/]+)\/activities(?:\/([^/]+))?)?$/.exec(inConnector) ?? [];
		if (!inConnector.startsWith("/v3/conversations")) return null;
		if (conversation === undefined) return { operation: "create", secured: true, act: (raw) => this.#create(raw) };
		const at = { secured: true, conversation };
		if (method === "PUT")
			return { operation: "update", ...at, act: (raw) => this.#update(conversation, activity ?? "", raw) };
		return { operation: "send", ...at, act: (raw) => this.#send(conversation, activity ?? null, raw) };
	}

	#token(raw: Buffer): Reply {
		const form = new URLSearchParams(raw.toString("utf8"));
		if (this.tokenRevoked || form.get("client_id") !== this.appId || form.get("client_secret") !== this.appPassword)
			return {
				status: 401,
				body: { error: "invalid_client", error_description: "AADSTS7000215: Invalid client secret provided." },
			};
		this.tokensGiven += 1;
		const whose = form.get("scope")?.startsWith("https://graph.") ? "graph" : "bot";
		return ok({ access_token: `token-${this.tokensGiven}-${whose}`, expires_in: 3_600, token_type: "Bearer" });
	}

	#create(raw: Buffer): Reply {
		const refused = this.#refusalOf(raw, json(raw)["activity"]);
		if (refused !== null) return refused;
		const body = json(raw);
		const channelData = body["channelData"] as { channel?: { id: string } } | undefined;
		const channel = channelData?.channel?.id;
		if (channel !== undefined) {
			const wait = this.#waitIn(channel);
			if (wait > 0) return this.#tooFast(wait);
			if (!this.joined.has(channel)) return { status: 403, body: { error: { code: "BotNotInConversationRoster" } } };
			const id = this.next();
			const conversation = `${channel};messageid=${id}`;
			this.#keep(conversation, id, null, body["activity"] as Json);
			return ok({ id: conversation, activityId: id });
		}
		const [member] = body["members"] as { id: string }[];
		if (member === undefined || !this.installed.has(member.id))
			return { status: 403, body: { error: { code: "ForbiddenOperationException" } } };
		return ok({ id: this.personal(member.id) });
	}

	#roster(channel: string, query: URLSearchParams): Reply {
		if (!this.joined.has(channel)) return { status: 403, body: { error: { code: "BotNotInConversationRoster" } } };
		const [from, size] = [Number(query.get("continuationToken") ?? 0), Number(query.get("pageSize"))];
		const all = this.rosters.get(channel) ?? [];
		const members = all.slice(from, from + size).map((user) => ({ id: `29:${user}`, objectId: user, name: user }));
		return ok({ members, ...(from + size < all.length ? { continuationToken: String(from + size) } : {}) });
	}

	personal(user: string): string {
		return `a:${user}`;
	}

	#send(conversation: string, replyTo: string | null, raw: Buffer): Reply {
		const refused = this.#refusalOf(raw, json(raw));
		if (refused !== null) return refused;
		if (!this.#isIn(conversation)) return { status: 403, body: { error: { code: "BotNotInConversationRoster" } } };
		const id = this.next();
		this.#keep(conversation, id, replyTo, json(raw));
		return ok({ id });
	}

	/** Whether the bot is there. */
	#isIn(conversation: string): boolean {
		const [base = ""] = conversation.split(";");
		return base.startsWith("a:") ? this.installed.has(base.slice(2)) : this.joined.has(base);
	}

	#update(conversation: string, id: string, raw: Buffer): Reply {
		if (!this.#isIn(conversation)) return { status: 403, body: { error: { code: "BotNotInConversationRoster" } } };
		const refused = this.#refusalOf(raw, json(raw));
		if (refused !== null) return refused;
		const message = this.messages.find((one) => one.conversation === conversation && one.id === id);
		if (message === undefined) return { status: 404, body: { error: { code: "ActivityNotFoundInConversation" } } };
		const { card, summary } = contentOf(json(raw));
		message.card = card;
		message.summary = summary;
		message.edits += 1;
		return ok({ id });
	}

	/** Too large, whichever way it is counted, or no card that a client could show. */
	#refusalOf(raw: Buffer, activity: unknown): Reply | null {
		const text = raw.toString("utf8");
		if (this.stumblesOver !== null && text.includes(this.stumblesOver))
			return { status: 500, body: { error: { code: "ServiceError" } } };
		const size = Math.max(raw.length, 2 * text.length);
		if (size > this.maxBytes) return { status: 413, body: { error: { code: "MessageSizeTooBig" } } };
		if (typeof activity !== "object" || activity === null) return null;
		const problems = adaptiveCardProblems(contentOf(activity as Json).card);
		return problems.length === 0
			? null
			: { status: 400, body: { error: { code: "BadSyntax", message: problems.join() } } };
	}

	#keep(conversation: string, id: string, replyTo: string | null, activity: Json): void {
		this.messages.push({ id, conversation, replyTo, ...contentOf(activity), edits: 0 });
	}
}

interface Reply {
	readonly status: number;
	readonly body: Json;
	readonly headers?: Readonly<Record<string, string>>;
}

interface Route {
	readonly operation: TeamsOperation;
	readonly secured: boolean;
	/** Where something is said. */
	readonly conversation?: string;
	readonly act: (raw: Buffer) => Reply;
}

function contentOf(activity: Json): { card: Json; summary: string } {
	const [attachment] = activity["attachments"] as { contentType: string; content: Json }[];
	if (attachment?.contentType !== "application/vnd.microsoft.card.adaptive") throw new Error("no card was sent");
	return { card: attachment.content, summary: String(activity["summary"]) };
}

function ok(body: Json): Reply {
	return { status: 200, body };
}

function json(raw: Buffer): Json {
	return raw.length === 0 ? {} : JSON.parse(raw.toString("utf8"));
}

function reply(response: ServerResponse, status: number, body: Json, headers: Record<string, string> = {}): void {
	response.writeHead(status, { "content-type": "application/json", ...headers });
	response.end(JSON.stringify(body));
}
