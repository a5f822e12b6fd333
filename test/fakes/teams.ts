import { buttonsOn, type TeamsButton } from "./teams-card.ts";
import type { Json } from "./teams-directory.ts";
import { type TeamsMessage, TeamsServer } from "./teams-server.ts";

export interface Delivered {
	readonly status: number;
	readonly body: string;
	readonly ms: number;
}

/** Teams as people use it: they write, mention and press buttons, and the bot under test gets it the way Microsoft sends it. */
export class FakeTeams extends TeamsServer {
	/** Where the bot listens: `http://127.0.0.1:3000/api/messages`. */
	botUrl = "";

	static async start(): Promise<FakeTeams> {
		const fake = new FakeTeams();
		await fake.listen();
		return fake;
	}

	/** What is signed for a request: the channel's claims, for a while, for this bot. */
	token(claims: Json = {}, header: Json = {}): string {
		const now = Math.floor(Date.now() / 1_000);
		return this.keys.sign(
			{
				...{ iss: "https://api.botframework.com", aud: this.appId, serviceurl: this.serviceUrl },
				...{ nbf: now - 60, exp: now + 3_600, ...claims },
			},
			header,
		);
	}

	/** In the chat with the bot. */
	write(user: string, text: string, more: Json = {}): Promise<Delivered> {
		return this.send({ ...this.inPersonal(user), type: "message", text, textFormat: "plain", ...more });
	}

	/** In a channel: a new post, or a reply when `thread` is given. */
	mention(
		user: string,
		channel: string,
		text: string,
		thread: string | null = null,
		more: Json = {},
	): Promise<Delivered> {
		const id = this.next();
		return this.send({
			...this.inChannel(user, channel, thread ?? id),
			...{ id, type: "message", text: `<at>DRAVEN</at> ${text}`, textFormat: "plain" },
			entities: [{ type: "mention", text: "<at>DRAVEN</at>", mentioned: { id: this.botId, name: "DRAVEN" } }],
			...more,
		});
	}

	/** Presses a button; `inputs` are those of the card that it stands on (or opens). */
	press(user: string, on: TeamsMessage, title: string, inputs: Json = {}, more: Json = {}): Promise<Delivered> {
		const button = buttonOn(on, title);
		// A button that opens a card is pressed together with the one in it.
		const action = button.card === null ? button : buttonsOn(button.card)[0];
		if (action === undefined) throw new Error(`${title} opens a card without a button`);
		const [base = "", rest] = on.conversation.split(";messageid=");
		const at = rest === undefined ? this.inPersonal(user) : this.inChannel(user, base, rest);
		return this.send({
			...{ ...at, type: "invoke", name: "adaptiveCard/action", replyToId: on.id },
			value: {
				action: { type: "Action.Execute", verb: action.verb, data: { ...action.data, ...inputs } },
				trigger: "manual",
			},
			...more,
		});
	}

	/** What a client does by itself, of those whom the card names: asks for their own view. Null: it keeps showing the one of all. */
	async viewOf(user: string, on: TeamsMessage): Promise<Json | null> {
		const refresh = on.card["refresh"] as { action: Json; userIds: string[] } | undefined;
		if (refresh === undefined || !refresh.userIds.includes(`29:${user}`)) return null;
		const [base = "", root] = on.conversation.split(";messageid=");
		const at = root === undefined ? this.inPersonal(user) : this.inChannel(user, base, root);
		const { body } = await this.send({
			...{ ...at, type: "invoke", name: "adaptiveCard/action", replyToId: on.id },
			value: { action: refresh.action, trigger: "automatic" },
		});
		const { statusCode, value } = JSON.parse(body);
		return statusCode === 200 ? value : null;
	}

	/** The same by a client that does not know Action.Execute. */
	submit(user: string, on: TeamsMessage, title: string, inputs: Json = {}): Promise<Delivered> {
		const button = buttonOn(on, title);
		const action = button.card === null ? button : buttonsOn(button.card)[0];
		const [base = "", rest] = on.conversation.split(";messageid=");
		const at = rest === undefined ? this.inPersonal(user) : this.inChannel(user, base, rest);
		return this.send({ ...at, type: "message", replyToId: on.id, value: { ...action?.data, ...inputs } });
	}

	/** The app is added to a team, or taken out of it. */
	install(channel: string, which: "membersAdded" | "membersRemoved" = "membersAdded"): Promise<Delivered> {
		const { channelData, ...rest } = this.inChannel("installer", channel, "1");
		const members = [{ id: this.botId, name: "DRAVEN" }];
		const inTeam = { id: channel, conversationType: "channel", tenantId: this.tenant };
		return this.send({ ...rest, channelData, type: "conversationUpdate", conversation: inTeam, [which]: members });
	}

	inPersonal(user: string): Json {
		return {
			...this.#from(user),
			conversation: { id: this.personal(user), conversationType: "personal", tenantId: this.tenant },
			channelData: { tenant: { id: this.tenant } },
		};
	}

	inChannel(user: string, channel: string, root: string): Json {
		return {
			...this.#from(user),
			conversation: {
				...{ id: `${channel};messageid=${root}`, conversationType: "channel", tenantId: this.tenant, isGroup: true },
			},
			channelData: {
				...{ tenant: { id: this.tenant }, channel: { id: channel } },
				team: { id: "19:team@thread.tacv2", aadGroupId: "99999999-0000-0000-0000-000000000000" },
			},
		};
	}

	#from(user: string): Json {
		return {
			...{ id: `f:${this.next()}`, channelId: "msteams", serviceUrl: this.serviceUrl },
			timestamp: new Date().toISOString(),
			from: { id: `29:${user}`, name: user, aadObjectId: user },
			recipient: { id: this.botId, name: "DRAVEN" },
		};
	}

	/** An activity as Microsoft sends it. `token` null: without one. */
	async send(activity: Json, token: string | null = this.token()): Promise<Delivered> {
		return this.sendRaw(JSON.stringify(activity), token === null ? {} : { authorization: `Bearer ${token}` });
	}

	async sendRaw(body: string, headers: Readonly<Record<string, string>>): Promise<Delivered> {
		const began = performance.now();
		const response = await fetch(this.botUrl, {
			method: "POST",
			headers: { "content-type": "application/json", ...headers },
			body,
		});
		return { status: response.status, body: await response.text(), ms: performance.now() - began };
	}

	/** Root posts of a channel. */
	roots(channel: string): TeamsMessage[] {
		return this.messages.filter((one) => one.conversation === `${channel};messageid=${one.id}`);
	}

	repliesTo(root: TeamsMessage): TeamsMessage[] {
		return this.messages.filter((one) => one.conversation === root.conversation && one.id !== root.id);
	}

	/** What the bot said in the chat with one person. */
	toldTo(user: string): TeamsMessage[] {
		return this.messages.filter((one) => one.conversation === this.personal(user));
	}

	async until<T>(look: () => T | undefined | false): Promise<T> {
		for (const end = Date.now() + 15_000; ; ) {
			const found = look();
			if (found) return found;
			if (Date.now() > end) throw new Error("it did not happen");
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
	}
}

function buttonOn(on: TeamsMessage, title: string): TeamsButton {
	const buttons = buttonsOn(on.card);
	const button = buttons.find((one) => one.title === title);
	if (button === undefined) throw new Error(`there is no button ${title}: ${buttons.map((one) => one.title)}`);
	return button;
}
