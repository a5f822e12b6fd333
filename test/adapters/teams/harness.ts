import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { createTeams, type Teams } from "../../../adapters/teams/app.ts";
import { bodyReader } from "../../../src/web/read-body.ts";
import { FakeConversations } from "../../fakes/conversations.ts";
import { FakeTeams } from "../../fakes/teams.ts";
import { RecordingFront } from "../slack/harness.ts";

export interface StoredItem {
	readonly dedupeKey: string;
	readonly orderKey?: string;
	readonly body: unknown;
}

/** The adapter between a fake Microsoft and a recording DRAVEN. What it stores is carried out when a test says so. */
export class Harness {
	readonly fake: FakeTeams;
	readonly front = new RecordingFront();
	readonly conversations = new FakeConversations();
	readonly stored: StoredItem[] = [];
	/** Milliseconds that the adapter's clock is ahead. */
	later = 0;
	/** The database refuses. */
	storeFails = false;
	teams: Teams;
	readonly #server: Server;

	private constructor(fake: FakeTeams, server: Server, insecure: boolean) {
		this.fake = fake;
		this.#server = server;
		this.teams = createTeams({
			app: insecure
				? null
				: {
						...{ appId: fake.appId, appPassword: fake.appPassword, appType: "SingleTenant", tenantId: fake.tenant },
						...{ loginUrl: fake.loginUrl, openIdMetadataUrl: fake.openIdUrl, oauthScope: null, tokenIssuer: null },
					},
			graphBaseUrl: insecure ? null : fake.graphUrl,
			conversations: this.conversations,
			front: () => this.front,
			store: async (item) => {
				if (this.storeFails) throw new Error("the database is away");
				if (!this.stored.some((one) => one.dedupeKey === item.dedupeKey)) this.stored.push(structuredClone(item));
			},
			answers: {
				keep: async (answer) => {
					this.stored.push(structuredClone(answer));
				},
				wait: async (orderKey) => this.stored.some((one) => one.orderKey === orderKey),
			},
			log: pino({ level: "silent" }),
			now: () => Date.now() + this.later,
		});
	}

	static async open(options: { insecure?: boolean } = {}): Promise<Harness> {
		const fake = await FakeTeams.start();
		const read = bodyReader();
		const server = createServer((request, response) => harness.teams.inbox(request, response, read));
		const harness = new Harness(fake, server, options.insecure === true);
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		fake.botUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/messages`;
		return harness;
	}

	/** Carries out what was stored until then. */
	async work(): Promise<void> {
		for (const { body } of this.stored.splice(0)) await this.teams.process(body);
	}

	async close(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
		await this.fake.stop();
	}
}
