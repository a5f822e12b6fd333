import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { OPTIONAL_SCOPES, SCOPES } from "../../adapters/slack/scopes.ts";
import { buttonsOf, problemOfBlocks } from "./slack-blocks.ts";
import { FakeSocket } from "./slack-socket.ts";

type Json = Record<string, unknown>;

export interface SlackMessage {
	readonly channel: string;
	readonly ts: string;
	/** Null: it stands in the channel itself. */
	readonly thread: string | null;
	text: string;
	blocks: unknown;
	readonly metadata: unknown;
	edits: number;
}

/** What one person alone was shown. */
export interface SlackEphemeral {
	readonly user: string;
	readonly channel: string | null;
	readonly thread: string | null;
	readonly text: string;
	readonly blocks: unknown;
	readonly via: "response_url" | "chat.postEphemeral";
	readonly ts: string;
	readonly replaced: boolean;
}

export interface SlackView {
	readonly id: string;
	readonly user: string;
	hash: string;
	view: Json;
}

export interface SlackUser {
	readonly name: string;
	readonly email?: string;
	readonly emailConfirmed?: boolean;
	readonly team?: string;
	readonly enterprise?: string;
	readonly flags?: Readonly<Record<string, boolean>>;
}

/** What goes wrong with a call, once. */
export type SlackFault =
	| { readonly error: string; readonly needed?: string }
	| { readonly status: number; readonly retryAfter?: number }
	/** It is done, and the answer is lost. */
	| "answer_lost"
	/** It is not done, and there is no answer. */
	| "hang_up"
	| { readonly delayMs: number };

export interface Delivered {
	readonly status: number;
	readonly body: string;
	readonly ms: number;
}

export interface SendOptions {
	readonly secret?: string;
	/** Seconds that the timestamp is off. */
	readonly skew?: number;
	readonly headers?: Readonly<Record<string, string>>;
}

/** A Slack workspace: it keeps channels, messages, groups and views, answers the Web API, and speaks to the app under test as Slack does. */
export class FakeSlack {
	readonly team = { id: "T1", name: "Acme", enterprise: null as string | null };
	readonly botToken = "xoxb-fake-bot-token";
	readonly appToken = "xapp-fake-app-token";
	readonly signingSecret = "fake-signing-secret";
	readonly botUser = "UBOT";
	readonly users = new Map<string, SlackUser>();
	readonly groups = new Map<string, Set<string>>();
	/** Channels that the bot is in. */
	readonly joined = new Set<string>();
	readonly scopes = new Set<string>([...SCOPES, ...Object.keys(OPTIONAL_SCOPES)]);
	readonly messages: SlackMessage[] = [];
	readonly ephemerals: SlackEphemeral[] = [];
	readonly views: SlackView[] = [];
	readonly homes = new Map<string, Json>();
	/** Each call as it came, in order. */
	readonly calls: { readonly method: string; readonly args: Json }[] = [];
	tokenRevoked = false;
	appTokenRevoked = false;
	/** Forms can be opened for 3 s; false: they are over. */
	triggersFresh = true;
	responseUrlsWork = true;
	/** Seconds that this server's clock is ahead. */
	clockAhead = 0;
	/** Where the app listens: `http://127.0.0.1:3000/slack/events`. Empty: by Socket Mode. */
	appUrl = "";
	/** Connected sockets. */
	readonly sockets: FakeSocket[] = [];
	readonly acked = new Map<string, unknown>();
	readonly #faults = new Map<string, SlackFault[]>();
	readonly #responseUrls = new Map<string, { user: string; channel: string | null; uses: number; ts: string | null }>();
	readonly #triggers = new Map<string, string>();
	readonly #server: Server;
	readonly #open = new Set<Socket>();
	readonly #waiting: (() => void)[] = [];
	#count = 0;
	#stopped = false;

	private constructor() {
		this.#server = createServer((request, response) => {
			this.#receive(request, response).catch((error: unknown) => {
				response.writeHead(500);
				response.end(String(error));
			});
		});
		this.#server.on("connection", (socket) => {
			this.#open.add(socket);
			socket.once("close", () => this.#open.delete(socket));
		});
		this.#server.on("upgrade", (request, wire) => {
			const socket = new FakeSocket(request, wire);
			this.sockets.push(socket);
			socket.onText = (text) => {
				const { envelope_id: id, payload } = JSON.parse(text);
				this.acked.set(id, payload);
				this.#changed();
			};
			socket.onClose = () => {
				this.sockets.splice(this.sockets.indexOf(socket), 1);
				this.#changed();
			};
			socket.send(JSON.stringify({ type: "hello", num_connections: 1 }));
			this.#changed();
		});
	}

	static async start(): Promise<FakeSlack> {
		const fake = new FakeSlack();
		fake.#server.listen(0, "127.0.0.1");
		await once(fake.#server, "listening");
		return fake;
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		this.#changed();
		for (const socket of this.#open) socket.destroy();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	get apiUrl(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/`;
	}

	user(id: string, user: Partial<SlackUser> = {}): void {
		this.users.set(id, { name: id, ...user });
	}

	group(id: string, ...members: string[]): void {
		this.groups.set(id, new Set(members));
		for (const member of members) if (!this.users.has(member)) this.user(member);
	}

	/** What goes wrong with the next calls of a method, in order. */
	fail(method: string, ...faults: SlackFault[]): void {
		this.#faults.set(method, [...(this.#faults.get(method) ?? []), ...faults]);
	}

	callsOf(method: string): Json[] {
		return this.calls.filter((call) => call.method === method).map((call) => call.args);
	}

	/** Resolves as soon as it holds; it is looked at again whenever something happens here. */
	async until<T>(look: () => T | undefined | null | false, withinMs = 8_000): Promise<T> {
		const end = Date.now() + withinMs;
		for (;;) {
			const found = look();
			if (found !== undefined && found !== null && found !== false) return found;
			const left = end - Date.now();
			if (left <= 0 || this.#stopped) throw new Error(`it did not happen: ${look}`);
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, Math.min(left, 250));
				this.#waiting.push(() => {
					clearTimeout(timer);
					resolve();
				});
			});
		}
	}

	roots(channel: string): SlackMessage[] {
		return this.messages.filter((message) => message.channel === channel && message.thread === null);
	}

	threadOf(root: SlackMessage): SlackMessage[] {
		return this.messages.filter((message) => message.channel === root.channel && message.thread === root.ts);
	}

	/** What a person alone was told, oldest first. */
	toldTo(user: string): SlackEphemeral[] {
		return this.ephemerals.filter((one) => one.user === user);
	}

	// What people do.

	command(user: string, text: string, more: { channel?: string; command?: string } = {}): Promise<Delivered> {
		const channel = more.channel ?? "C_TALK";
		return this.send({
			...{ command: more.command ?? "/deploy", text, user_id: user, user_name: user.toLowerCase() },
			...{ team_id: this.team.id, team_domain: "acme", channel_id: channel, channel_name: "talk", api_app_id: "A1" },
			...{ token: "legacy", response_url: this.#responseUrl(user, channel, null), trigger_id: this.#trigger(user) },
		});
	}

	event(event: Json, id = this.#next("Ev")): Promise<Delivered> {
		return this.send({
			...{
				type: "event_callback",
				team_id: this.team.id,
				api_app_id: "A1",
				event_id: id,
				event_time: 1,
				token: "legacy",
			},
			authorizations: [{ team_id: this.team.id, enterprise_id: null, user_id: this.botUser, is_bot: true }],
			event,
		});
	}

	mention(user: string, channel: string, text: string, thread: string | null = null): Promise<Delivered> {
		const ts = this.#ts();
		return this.event({
			...{ type: "app_mention", user, channel, text: text.includes("<@") ? text : `<@${this.botUser}> ${text}` },
			...{ ts, event_ts: ts, ...(thread === null ? {} : { thread_ts: thread }) },
		});
	}

	directMessage(user: string, text: string): Promise<Delivered> {
		const ts = this.#ts();
		return this.event({ type: "message", channel_type: "im", channel: `D_${user}`, user, text, ts, event_ts: ts });
	}

	/** Clicks the button of that label on a message; `actionTs` to click the very same click twice. */
	click(user: string, on: SlackMessage | SlackEphemeral, label: string, actionTs = this.#ts()): Promise<Delivered> {
		const button = buttonsOf(on.blocks).find((one) => one.label === label);
		if (button === undefined)
			throw new Error(`there is no button ${label}: ${buttonsOf(on.blocks).map((one) => one.label)}`);
		const ephemeral = "via" in on;
		const thread = on.thread ?? (this.messages.some((one) => one.thread === on.ts) ? on.ts : null);
		const threaded = thread === null ? {} : { thread_ts: thread };
		return this.send({
			...this.#interaction(user, "block_actions"),
			container: { type: "message", message_ts: on.ts, channel_id: on.channel, is_ephemeral: ephemeral, ...threaded },
			channel: { id: on.channel, name: "talk" },
			...(ephemeral ? {} : { message: { type: "message", ts: on.ts, text: on.text, blocks: on.blocks, ...threaded } }),
			response_url: this.#responseUrl(user, on.channel, ephemeral ? on.ts : null),
			actions: [
				{ type: "button", action_id: button.actionId, block_id: "b", value: button.value, action_ts: actionTs },
			],
		});
	}

	/** Clicks a button on the person's Home tab. */
	clickHome(user: string, label: string): Promise<Delivered> {
		const home = this.homes.get(user);
		const button = buttonsOf(home?.["blocks"]).find((one) => one.label === label);
		if (button === undefined) throw new Error(`there is no button ${label} on the Home tab of ${user}`);
		return this.send({
			...this.#interaction(user, "block_actions"),
			container: { type: "view", view_id: `V_HOME_${user}` },
			view: { id: `V_HOME_${user}`, type: "home", hash: "1" },
			actions: [
				{ type: "button", action_id: button.actionId, block_id: "b", value: button.value, action_ts: this.#ts() },
			],
		});
	}

	openHome(user: string): Promise<Delivered> {
		return this.event({ type: "app_home_opened", user, channel: `D_${user}`, tab: "home", event_ts: this.#ts() });
	}

	/** Picks an option in a form that is open. */
	pick(form: SlackView, blockId: string, actionId: string, value: string): Promise<Delivered> {
		return this.send({
			...this.#interaction(form.user, "block_actions"),
			container: { type: "view", view_id: form.id },
			view: { ...form.view, id: form.id, hash: form.hash },
			actions: [
				{
					...{ type: "static_select", action_id: actionId, block_id: blockId, action_ts: this.#ts() },
					selected_option: { text: { type: "plain_text", text: value }, value },
				},
			],
		});
	}

	/** What a picker offers for what was typed. */
	async suggestions(form: SlackView, blockId: string, actionId: string, typed: string): Promise<string[]> {
		const answer = await this.send({
			...this.#interaction(form.user, "block_suggestion"),
			...{ action_id: actionId, block_id: blockId, value: typed },
			container: { type: "view", view_id: form.id },
			view: { ...form.view, id: form.id, hash: form.hash },
		});
		const { options } = JSON.parse(answer.body) as { options: { value: string }[] };
		return options.map((option) => option.value);
	}

	/** Sends a form. `values`: by block and action, as the elements' states. */
	submit(form: SlackView, values: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Promise<Delivered> {
		return this.send({
			...this.#interaction(form.user, "view_submission"),
			view: { ...form.view, id: form.id, hash: form.hash, state: { values } },
		});
	}

	#interaction(user: string, type: string): Json {
		return {
			...{ type, api_app_id: "A1", token: "legacy", trigger_id: this.#trigger(user) },
			team: { id: this.team.id, domain: "acme" },
			user: { id: user, username: user.toLowerCase(), name: user.toLowerCase(), team_id: this.team.id },
		};
	}

	/** A body as Slack sends it: signed, in its content type; or through the socket. */
	async send(body: Json, options: SendOptions = {}): Promise<Delivered> {
		if (this.appUrl === "") return this.#sendBySocket(body);
		const type = typeof body["type"] === "string" ? body["type"] : null;
		const json = type === "event_callback" || type === "url_verification";
		const text = json
			? JSON.stringify(body)
			: type === null
				? new URLSearchParams(body as Record<string, string>).toString()
				: new URLSearchParams({ payload: JSON.stringify(body) }).toString();
		return this.sendRaw(text, json ? "application/json" : "application/x-www-form-urlencoded", options);
	}

	async sendRaw(
		text: string,
		contentType: string,
		{ secret, skew = 0, headers }: SendOptions = {},
	): Promise<Delivered> {
		const timestamp = String(Math.floor(Date.now() / 1_000) + skew);
		const signature = createHmac("sha256", secret ?? this.signingSecret)
			.update(`v0:${timestamp}:${text}`)
			.digest("hex");
		const began = performance.now();
		const response = await fetch(this.appUrl, {
			method: "POST",
			headers: {
				"content-type": contentType,
				"x-slack-request-timestamp": timestamp,
				"x-slack-signature": `v0=${signature}`,
				...headers,
			},
			body: text,
		});
		return { status: response.status, body: await response.text(), ms: performance.now() - began };
	}

	async #sendBySocket(body: Json): Promise<Delivered> {
		const id = this.#next("envelope");
		const socket = await this.until(() => this.sockets[0]);
		const began = performance.now();
		const kind =
			body["type"] === "event_callback" ? "events_api" : body["type"] === undefined ? "slash_commands" : "interactive";
		socket.send(
			JSON.stringify({ type: kind, envelope_id: id, payload: body, accepts_response_payload: kind !== "events_api" }),
		);
		await this.until(() => this.acked.has(id));
		return { status: 200, body: JSON.stringify(this.acked.get(id)), ms: performance.now() - began };
	}

	// What the app asks.

	async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk);
		const text = Buffer.concat(chunks).toString("utf8");
		const path = request.url ?? "";
		response.setHeader("date", new Date(Date.now() + this.clockAhead * 1_000).toUTCString());
		response.setHeader("content-type", "application/json");
		if (path.startsWith("/respond/")) this.#respond(path.slice("/respond/".length), JSON.parse(text), response);
		else await this.#api(path.replace("/api/", ""), request, new URLSearchParams(text), response);
		this.#changed();
	}

	#respond(id: string, message: Json, response: ServerResponse): void {
		const url = this.#responseUrls.get(id);
		if (url === undefined || !this.responseUrlsWork || url.uses >= 5) {
			response.writeHead(404);
			response.end(JSON.stringify({ ok: false, error: "expired_url" }));
			return;
		}
		url.uses += 1;
		const problem = problemOfBlocks(message["blocks"], 50);
		if (problem !== null) throw new Error(problem);
		this.ephemerals.push({
			...{ user: url.user, channel: url.channel, via: "response_url", ts: this.#ts() },
			...{ text: String(message["text"]), blocks: message["blocks"] },
			thread: typeof message["thread_ts"] === "string" ? message["thread_ts"] : null,
			replaced: message["replace_original"] === true && url.ts !== null,
		});
		response.end(JSON.stringify({ ok: true }));
	}

	async #api(method: string, request: IncomingMessage, form: URLSearchParams, response: ServerResponse): Promise<void> {
		const args: Json = {};
		for (const [key, value] of form) args[key] = /^[[{]/.test(value) ? JSON.parse(value) : value;
		this.calls.push({ method, args });
		response.setHeader("x-oauth-scopes", [...this.scopes].join(","));
		const fault = this.#faults.get(method)?.shift();
		if (fault === "hang_up") {
			response.destroy();
			return;
		}
		if (typeof fault === "object" && "status" in fault) {
			response.writeHead(
				fault.status,
				fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) },
			);
			response.end("");
			return;
		}
		if (typeof fault === "object" && "delayMs" in fault)
			await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
		const failed = typeof fault === "object" && "error" in fault ? { ok: false, ...fault } : null;
		const answer = failed ?? this.#refusal(method, request) ?? this.#answer(method, args);
		if (fault === "answer_lost") response.destroy();
		else response.end(JSON.stringify(answer));
	}

	#refusal(method: string, request: IncomingMessage): Json | null {
		const token = request.headers.authorization?.replace("Bearer ", "");
		if (method === "apps.connections.open")
			return token === this.appToken && !this.appTokenRevoked ? null : { ok: false, error: "invalid_auth" };
		if (this.tokenRevoked) return { ok: false, error: "token_revoked" };
		if (token !== this.botToken) return { ok: false, error: "invalid_auth" };
		const needed = SCOPE_OF[method];
		return needed === undefined || this.scopes.has(needed) ? null : { ok: false, error: "missing_scope", needed };
	}

	#answer(method: string, args: Json): Json {
		const text = (key: string) => (typeof args[key] === "string" ? args[key] : "");
		switch (method) {
			case "auth.test":
				return {
					...{ ok: true, url: "https://acme.slack.test/", team: this.team.name, team_id: this.team.id },
					...{ user: "draven", user_id: this.botUser, bot_id: "BBOT", is_enterprise_install: false },
					...(this.team.enterprise === null ? {} : { enterprise_id: this.team.enterprise }),
				};
			case "apps.connections.open":
				return { ok: true, url: `${this.apiUrl.replace("http:", "ws:").replace("/api/", "/link")}` };
			case "users.info":
				return this.#userInfo(text("user"));
			case "usergroups.users.list": {
				const members = this.groups.get(text("usergroup"));
				return members === undefined ? { ok: false, error: "no_such_subteam" } : { ok: true, users: [...members] };
			}
			case "chat.postMessage":
				return this.#post(args);
			case "chat.postEphemeral": {
				const refused = this.#notIn(text("channel"));
				if (refused !== null) return refused;
				const problem = problemOfBlocks(args["blocks"], 50);
				if (problem !== null) return { ok: false, error: "invalid_blocks", problem };
				const ts = this.#ts();
				this.ephemerals.push({
					...{ user: text("user"), channel: text("channel"), via: "chat.postEphemeral", ts, replaced: false },
					...{ text: text("text"), blocks: args["blocks"], thread: text("thread_ts") || null },
				});
				return { ok: true, message_ts: ts };
			}
			case "chat.update":
				return this.#update(args);
			case "conversations.history":
			case "conversations.replies":
				return this.#history(method, args);
			case "views.open": {
				if (!this.triggersFresh) return { ok: false, error: "expired_trigger_id" };
				const user = this.#triggers.get(text("trigger_id")) ?? "";
				this.#triggers.delete(text("trigger_id"));
				if (user === "") return { ok: false, error: "invalid_trigger_id" };
				const problem = this.#problemOfModal(args["view"]);
				if (problem !== null) return { ok: false, error: "invalid_arguments", problem };
				const view: SlackView = { id: this.#next("V"), user, hash: this.#next("h"), view: args["view"] as Json };
				this.views.push(view);
				return { ok: true, view: { ...view.view, id: view.id, hash: view.hash } };
			}
			case "views.update": {
				const view = this.views.find((one) => one.id === text("view_id"));
				if (view === undefined) return { ok: false, error: "not_found" };
				if (text("hash") !== view.hash) return { ok: false, error: "hash_conflict" };
				const problem = this.#problemOfModal(args["view"]);
				if (problem !== null) return { ok: false, error: "invalid_arguments", problem };
				view.view = args["view"] as Json;
				view.hash = this.#next("h");
				return { ok: true, view: { id: view.id, hash: view.hash } };
			}
			case "views.publish": {
				const view = args["view"] as Json;
				const problem = problemOfBlocks(view["blocks"], 100);
				if (problem !== null) return { ok: false, error: "invalid_arguments", problem };
				this.homes.set(text("user_id"), view);
				return { ok: true, view };
			}
			default:
				return { ok: false, error: "unknown_method" };
		}
	}

	#userInfo(id: string): Json {
		const user = this.users.get(id);
		if (user === undefined) return { ok: false, error: "user_not_found" };
		return {
			ok: true,
			user: {
				...{ id, name: id.toLowerCase(), team_id: user.team ?? this.team.id, real_name: user.name, tz: "Europe/Rome" },
				profile: {
					real_name: user.name,
					display_name: "",
					...(this.scopes.has("users:read.email") ? { email: user.email } : {}),
				},
				is_email_confirmed: user.emailConfirmed ?? true,
				...(user.enterprise === undefined ? {} : { enterprise_user: { enterprise_id: user.enterprise } }),
				...{ deleted: false, is_bot: false, is_restricted: false, is_ultra_restricted: false },
				...user.flags,
			},
		};
	}

	#notIn(channel: string): Json | null {
		// A direct message needs no invitation.
		return /^[UD]/.test(channel) || this.joined.has(channel) ? null : { ok: false, error: "not_in_channel" };
	}

	#post(args: Json): Json {
		const channel = String(args["channel"]);
		const refused = this.#notIn(channel);
		if (refused !== null) return refused;
		if (typeof args["text"] !== "string" || args["text"] === "") return { ok: false, error: "no_text" };
		const problem = problemOfBlocks(args["blocks"], 50);
		if (problem !== null) return { ok: false, error: "invalid_blocks", problem };
		const thread = typeof args["thread_ts"] === "string" ? args["thread_ts"] : null;
		const message: SlackMessage = {
			...{ channel: channel.startsWith("U") ? `D_${channel}` : channel, ts: this.#ts(), thread, edits: 0 },
			...{ text: args["text"], blocks: args["blocks"], metadata: args["metadata"] },
		};
		this.messages.push(message);
		return { ok: true, channel: message.channel, ts: message.ts };
	}

	#update(args: Json): Json {
		const refused = this.#notIn(String(args["channel"]));
		if (refused !== null) return refused;
		const message = this.messages.find((one) => one.channel === args["channel"] && one.ts === args["ts"]);
		if (message === undefined) return { ok: false, error: "message_not_found" };
		const problem = problemOfBlocks(args["blocks"], 50);
		if (problem !== null) return { ok: false, error: "invalid_blocks", problem };
		message.text = String(args["text"]);
		message.blocks = args["blocks"];
		message.edits += 1;
		return { ok: true, channel: message.channel, ts: message.ts };
	}

	/** In pages of two, so that nobody gets away with reading the first one alone. */
	#history(method: string, args: Json): Json {
		const refused = this.#notIn(String(args["channel"]));
		if (refused !== null) return refused;
		const thread = method === "conversations.replies" ? args["ts"] : null;
		const found = this.messages.filter(
			(one) =>
				one.channel === args["channel"] && one.thread === thread && Number(one.ts) >= Number(args["oldest"] ?? 0),
		);
		const from = Number(args["cursor"] ?? 0);
		const withMetadata = args["include_all_metadata"] === "true" && this.scopes.has("metadata.message:read");
		return {
			ok: true,
			messages: found.slice(from, from + 2).map((one) => ({
				type: "message",
				ts: one.ts,
				text: one.text,
				...(withMetadata ? { metadata: one.metadata } : {}),
			})),
			response_metadata: { next_cursor: from + 2 < found.length ? String(from + 2) : "" },
		};
	}

	#problemOfModal(view: unknown): string | null {
		const modal = view as { title?: { text?: string }; private_metadata?: string; blocks?: unknown };
		if ((modal.title?.text ?? "").length > 24) return "title";
		if ((modal.private_metadata ?? "").length > 3_000) return "private_metadata";
		return problemOfBlocks(modal.blocks, 100);
	}

	#responseUrl(user: string, channel: string | null, ts: string | null): string {
		const id = randomUUID();
		this.#responseUrls.set(id, { user, channel, uses: 0, ts });
		return this.apiUrl.replace("/api/", `/respond/${id}`);
	}

	/** Opens one form, for the one who clicked. */
	#trigger(user: string): string {
		const id = this.#next("trigger");
		this.#triggers.set(id, user);
		return id;
	}

	#next(prefix: string): string {
		this.#count += 1;
		return `${prefix}${this.#count}`;
	}

	#ts(): string {
		this.#count += 1;
		return `${Math.floor(Date.now() / 1_000)}.${String(this.#count).padStart(6, "0")}`;
	}

	#changed(): void {
		for (const wake of this.#waiting.splice(0)) wake();
	}
}

const SCOPE_OF: Readonly<Record<string, string>> = {
	"chat.postMessage": "chat:write",
	"chat.postEphemeral": "chat:write",
	"chat.update": "chat:write",
	"conversations.history": "channels:history",
	"conversations.replies": "channels:history",
	"users.info": "users:read",
	"usergroups.users.list": "usergroups:read",
};
