import { OPTIONAL_SCOPES, SCOPES } from "../../adapters/slack/scopes.ts";
import { problemOfBlocks } from "./slack-blocks.ts";

export type Json = Record<string, unknown>;

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

/** What a Slack workspace keeps, and what its Web API answers from it. */
export class SlackWorkspace {
	readonly team = { id: "T1", name: "Acme", enterprise: null as string | null };
	readonly botToken = "xoxb-fake-bot-token";
	readonly appToken = "xapp-fake-app-token";
	readonly botUser = "UBOT";
	readonly users = new Map<string, SlackUser>();
	readonly groups = new Map<string, Set<string>>();
	/** Channels that the bot is in. */
	readonly joined = new Set<string>();
	/** People whom no direct message reaches: deactivated, or of a workspace that does not let us. */
	readonly unreachable = new Set<string>();
	/** Public channels that the bot is not in. */
	readonly open = new Set<string>();
	readonly archived = new Set<string>();
	readonly scopes = new Set<string>([...SCOPES, ...Object.keys(OPTIONAL_SCOPES)]);
	readonly messages: SlackMessage[] = [];
	readonly ephemerals: SlackEphemeral[] = [];
	readonly views: SlackView[] = [];
	readonly homes = new Map<string, Json>();
	tokenRevoked = false;
	appTokenRevoked = false;
	/** Forms can be opened for 3 s; false: they are over. */
	triggersFresh = true;
	readonly #triggers = new Map<string, string>();
	#count = 0;

	user(id: string, user: Partial<SlackUser> = {}): void {
		this.users.set(id, { name: id, ...user });
	}

	group(id: string, ...members: string[]): void {
		this.groups.set(id, new Set(members));
		for (const member of members) if (!this.users.has(member)) this.user(member);
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

	protected refusal(method: string, token: string | undefined): Json | null {
		if (method === "apps.connections.open")
			return token === this.appToken && !this.appTokenRevoked ? null : { ok: false, error: "invalid_auth" };
		if (this.tokenRevoked) return { ok: false, error: "token_revoked" };
		if (token !== this.botToken) return { ok: false, error: "invalid_auth" };
		const needed = SCOPE_OF[method];
		return needed === undefined || this.scopes.has(needed) ? null : { ok: false, error: "missing_scope", needed };
	}

	protected answer(method: string, args: Json, socketUrl: string): Json {
		const text = (key: string) => (typeof args[key] === "string" ? args[key] : "");
		switch (method) {
			case "auth.test":
				return {
					...{ ok: true, url: "https://acme.slack.test/", team: this.team.name, team_id: this.team.id },
					...{ user: "draven", user_id: this.botUser, bot_id: "BBOT", is_enterprise_install: false },
					...(this.team.enterprise === null ? {} : { enterprise_id: this.team.enterprise }),
				};
			case "apps.connections.open":
				return { ok: true, url: socketUrl };
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
				const ts = this.ts();
				this.ephemerals.push({
					...{ user: text("user"), channel: text("channel"), via: "chat.postEphemeral", ts, replaced: false },
					...{ text: text("text"), blocks: args["blocks"], thread: text("thread_ts") || null },
				});
				return { ok: true, message_ts: ts };
			}
			case "chat.update":
				return this.#update(args);
			case "conversations.info":
				return this.#channelInfo(text("channel"));
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
				const view: SlackView = { id: this.next("V"), user, hash: this.next("h"), view: args["view"] as Json };
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
				view.hash = this.next("h");
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

	#channelInfo(id: string): Json {
		if (!this.joined.has(id) && !this.open.has(id)) return { ok: false, error: "channel_not_found" };
		const channel = { id, name: id.toLowerCase(), is_member: this.joined.has(id), is_archived: this.archived.has(id) };
		return { ok: true, channel };
	}

	#notIn(channel: string): Json | null {
		if (this.archived.has(channel)) return { ok: false, error: "is_archived" };
		// A direct message needs no invitation.
		return /^[UD]/.test(channel) || this.joined.has(channel) ? null : { ok: false, error: "not_in_channel" };
	}

	#post(args: Json): Json {
		const channel = String(args["channel"]);
		if (this.unreachable.has(channel)) return { ok: false, error: "user_not_found" };
		const refused = this.#notIn(channel);
		if (refused !== null) return refused;
		if (typeof args["text"] !== "string" || args["text"] === "") return { ok: false, error: "no_text" };
		const problem = problemOfBlocks(args["blocks"], 50);
		if (problem !== null) return { ok: false, error: "invalid_blocks", problem };
		const thread = typeof args["thread_ts"] === "string" ? args["thread_ts"] : null;
		const message: SlackMessage = {
			...{ channel: channel.startsWith("U") ? `D_${channel}` : channel, ts: this.ts(), thread, edits: 0 },
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

	/** Opens one form, for the one who clicked. */
	protected trigger(user: string): string {
		const id = this.next("trigger");
		this.#triggers.set(id, user);
		return id;
	}

	protected next(prefix: string): string {
		this.#count += 1;
		return `${prefix}${this.#count}`;
	}

	protected ts(): string {
		this.#count += 1;
		return `${Math.floor(Date.now() / 1_000)}.${String(this.#count).padStart(6, "0")}`;
	}
}

const SCOPE_OF: Readonly<Record<string, string>> = {
	"chat.postMessage": "chat:write",
	"chat.postEphemeral": "chat:write",
	"chat.update": "chat:write",
	"conversations.history": "channels:history",
	"conversations.info": "channels:read",
	"conversations.replies": "channels:history",
	"users.info": "users:read",
	"usergroups.users.list": "usergroups:read",
};
