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

/** `status`: answered with it, nothing happens. `answer_lost`: it happens, and the connection breaks. */
export type TeamsFault = { status: number; code?: string; message?: string; retryAfter?: number } | "answer_lost";
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
	tokensGiven = 0;
	/** Requests that came with no token of ours. */
	unauthorized = 0;
	#faults: { operation: TeamsOperation; fault: TeamsFault }[] = [];
	#server: Server | null = null;
	#base = "";
	/** The library keeps keys by their address: no two fakes share one. */
	readonly #name = randomUUID();
	#last = 1_000;

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
		return `${this.#base}/connector/`;
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
		if (fault !== undefined && fault.fault !== "answer_lost") {
			const { status, code, message, retryAfter } = fault.fault;
			const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
			return reply(response, status, code === undefined ? {} : { error: { code, message } }, headers);
		}
		if (found.secured && !this.#knows(request.headers.authorization)) {
			this.unauthorized += 1;
			return reply(response, 401, { error: { code: "Unauthorized" } });
		}
		const answer = found.act(raw);
		if (fault?.fault === "answer_lost") response.destroy();
		else reply(response, answer.status, answer.body);
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
		const roster = /^\/connector\/v3\/conversations\/([^/]+)\/pagedmembers$/.exec(path)?.[1];
		if (roster !== undefined) {
			const { searchParams } = new URL(url ?? "", this.#base);
			return { operation: "roster", secured: true, act: () => this.#roster(roster, searchParams) };
		}
		const [, conversation, activity] =
			/^\/connector\/v3\/conversations(?:\/([^/]+)\/activities(?:\/([^/]+))?)?$/.exec(path) ?? [];
		if (!path.startsWith("/connector/v3/conversations")) return null;
		if (conversation === undefined) return { operation: "create", secured: true, act: (raw) => this.#create(raw) };
		if (method === "PUT")
			return { operation: "update", secured: true, act: (raw) => this.#update(conversation, activity ?? "", raw) };
		return { operation: "send", secured: true, act: (raw) => this.#send(conversation, activity ?? null, raw) };
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
		const [base = ""] = conversation.split(";");
		const person = base.startsWith("a:") ? base.slice(2) : null;
		if (person === null ? !this.joined.has(base) : !this.installed.has(person))
			return { status: 403, body: { error: { code: "BotNotInConversationRoster" } } };
		const id = this.next();
		this.#keep(conversation, id, replyTo, json(raw));
		return ok({ id });
	}

	#update(conversation: string, id: string, raw: Buffer): Reply {
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
		const size = Math.max(raw.length, 2 * raw.toString("utf8").length);
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
}

interface Route {
	readonly operation: TeamsOperation;
	readonly secured: boolean;
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
