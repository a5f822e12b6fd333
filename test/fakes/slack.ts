import { createHmac } from "node:crypto";
import { buttonsOf } from "./slack-blocks.ts";
import { SlackServer } from "./slack-server.ts";
import type { Json, SlackEphemeral, SlackMessage, SlackView } from "./slack-workspace.ts";

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

/** Slack as people use it: they type, click and fill in forms, and the app under test gets it the way Slack sends it. */
export class FakeSlack extends SlackServer {
	readonly signingSecret = "fake-signing-secret";
	/** Where the app listens: `http://127.0.0.1:3000/slack/events`. Empty: by Socket Mode. */
	appUrl = "";

	static async start(): Promise<FakeSlack> {
		const fake = new FakeSlack();
		await fake.listen();
		return fake;
	}

	command(user: string, text: string, more: { channel?: string; command?: string } = {}): Promise<Delivered> {
		const channel = more.channel ?? "C_TALK";
		return this.send({
			...{ command: more.command ?? "/deploy", text, user_id: user, user_name: user.toLowerCase() },
			...{ team_id: this.team.id, team_domain: "acme", channel_id: channel, channel_name: "talk", api_app_id: "A1" },
			...{ token: "legacy", response_url: this.responseUrl(user, channel, null), trigger_id: this.trigger(user) },
		});
	}

	event(event: Json, id = this.next("Ev")): Promise<Delivered> {
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
		const ts = this.ts();
		return this.event({
			...{ type: "app_mention", user, channel, text: text.includes("<@") ? text : `<@${this.botUser}> ${text}` },
			...{ ts, event_ts: ts, ...(thread === null ? {} : { thread_ts: thread }) },
		});
	}

	directMessage(user: string, text: string): Promise<Delivered> {
		const ts = this.ts();
		return this.event({ type: "message", channel_type: "im", channel: `D_${user}`, user, text, ts, event_ts: ts });
	}

	/** Clicks the button of that label on a message; `actionTs` to click the very same click twice. */
	click(user: string, on: SlackMessage | SlackEphemeral, label: string, actionTs = this.ts()): Promise<Delivered> {
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
			response_url: this.responseUrl(user, on.channel, ephemeral ? on.ts : null),
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
				{ type: "button", action_id: button.actionId, block_id: "b", value: button.value, action_ts: this.ts() },
			],
		});
	}

	openHome(user: string): Promise<Delivered> {
		return this.event({ type: "app_home_opened", user, channel: `D_${user}`, tab: "home", event_ts: this.ts() });
	}

	/** Picks an option in a form that is open. */
	pick(form: SlackView, blockId: string, actionId: string, value: string): Promise<Delivered> {
		return this.send({
			...this.#interaction(form.user, "block_actions"),
			container: { type: "view", view_id: form.id },
			view: { ...form.view, id: form.id, hash: form.hash },
			actions: [
				{
					...{ type: "static_select", action_id: actionId, block_id: blockId, action_ts: this.ts() },
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
			...{ type, api_app_id: "A1", token: "legacy", trigger_id: this.trigger(user) },
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
		const id = this.next("envelope");
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
}
