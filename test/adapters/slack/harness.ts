import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { createSlack, type Slack } from "../../../adapters/slack/app.ts";
import type { Card, Incoming } from "../../../src/ports/chat.ts";
import type { Answer, Decision, FormChoices, Front, HomeView, RefChoice } from "../../../src/ports/front.ts";
import { bodyReader } from "../../../src/web/read-body.ts";
import { textCard } from "../../../src/words/rich.ts";
import { FakeSlack } from "../../fakes/slack.ts";

export function answerOf(text: string, more: Partial<Answer> = {}): Answer {
	return { outcome: "done", code: null, card: textCard(text), runId: null, form: false, secret: false, ...more };
}

/** DRAVEN behind the adapter: it remembers what was said to it, and answers what a test wants. */
export class RecordingFront implements Front {
	readonly said: Incoming[] = [];
	readonly decided: Decision[] = [];
	readonly forgotten: unknown[] = [];
	answer: (incoming: Incoming) => Answer | Promise<Answer> = ({ text }) => answerOf(`You said: ${text}`);
	choices: FormChoices = {
		projects: [
			{ slug: "web", name: "Web shop", environments: [{ slug: "stage" }, { slug: "production" }] },
			{ slug: "api", name: "api", environments: [{ slug: "demo" }] },
		],
	};
	refs: (project: string, query: string) => Promise<readonly RefChoice[]> = async (_, query) =>
		[
			{ name: "main", kind: "branch" as const },
			{ name: "v1.0.0", kind: "tag" as const },
		].filter(({ name }) => name.includes(query));
	homeView: HomeView = { waitingForMe: [], myRuns: [], notes: textCard("Type /deploy help.") };

	async command(incoming: Incoming): Promise<Answer> {
		this.said.push(incoming);
		return this.answer(incoming);
	}
	async decide(decision: Decision): Promise<Answer> {
		this.decided.push(decision);
		return answerOf(`Decided: ${decision.action}`);
	}
	async formChoices(): Promise<FormChoices> {
		return this.choices;
	}
	async refChoices(_platform: unknown, _tenant: string, _user: string, project: string, query: string) {
		return this.refs(project, query);
	}
	async home(): Promise<HomeView> {
		return this.homeView;
	}
	async ownView(_platform: unknown, _tenant: unknown, user: string, value: string): Promise<Card | null> {
		return textCard(`${value} as ${user} sees it`);
	}
	forget(_platform: unknown, what: unknown): void {
		this.forgotten.push(what);
	}
}

export interface HarnessOptions {
	readonly socketMode?: boolean;
	readonly botToken?: string;
	readonly appToken?: string;
}

/** The adapter between a fake Slack and a recording DRAVEN: real HTTP and real signatures on both sides. */
export class Harness {
	readonly fake: FakeSlack;
	readonly front = new RecordingFront();
	readonly slack: Slack;
	/** What was stored, by its key. */
	readonly stored = new Map<string, unknown>();
	/** Resolves when the store may go on; a rejection is a store that fails. */
	storing: () => Promise<void> = async () => {};
	/** Off: what was stored is left lying. */
	working = true;
	readonly logged: { level: number; msg: string }[] = [];
	readonly failures: unknown[] = [];
	#server: Server | null = null;

	private constructor(fake: FakeSlack, options: HarnessOptions) {
		this.fake = fake;
		const log = pino({ level: "debug" }, { write: (line: string) => void this.logged.push(JSON.parse(line)) });
		this.slack = createSlack({
			botToken: options.botToken ?? fake.botToken,
			...(options.socketMode === true
				? { appToken: options.appToken ?? fake.appToken }
				: { signingSecret: fake.signingSecret }),
			apiUrl: fake.apiUrl,
			front: () => this.front,
			store: async ({ dedupeKey, body }) => {
				await this.storing();
				if (this.stored.has(dedupeKey)) return;
				// As a database would give it back.
				this.stored.set(dedupeKey, JSON.parse(JSON.stringify(body)));
				if (this.working) this.slack.process(this.stored.get(dedupeKey)).catch((error) => this.failures.push(error));
			},
			log,
		});
	}

	static async open(options: HarnessOptions = {}): Promise<Harness> {
		const fake = await FakeSlack.start();
		fake.user("U_ANN", { name: "Ann" });
		fake.user("U_BOB", { name: "Bob" });
		fake.joined.add("C_TALK");
		const harness = new Harness(fake, options);
		if (options.socketMode !== true) await harness.#listen();
		return harness;
	}

	async #listen(): Promise<void> {
		const { inbox } = this.slack;
		if (inbox === null) throw new Error("there is no inbox");
		const read = bodyReader();
		const server = createServer((request, response) => inbox(request, response, read));
		this.#server = server;
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		this.fake.appUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
	}

	async close(): Promise<void> {
		await this.slack.stop();
		this.#server?.closeAllConnections();
		if (this.#server !== null) await new Promise((resolve) => this.#server?.close(resolve));
		await this.fake.stop();
	}

	/** The one thing that a person was told since; waits for it. */
	async told(user: string, at = 0): Promise<string> {
		return (await this.fake.until(() => this.fake.toldTo(user)[at])).text;
	}
}
