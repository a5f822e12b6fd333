import { type Browser, chromium, type Page } from "playwright-core";
import { createTeams } from "../../adapters/teams/app.ts";
import { makeHandlers } from "../../src/jobs/handlers.ts";
import { startWorker } from "../../src/jobs/worker.ts";
import { enqueue } from "../../src/store/jobs.ts";
import { putOffAnswers } from "../../src/store/put-off-answers.ts";
import { teamsConversations } from "../../src/store/teams-conversations.ts";
import { createFront } from "../../src/use-cases/front.ts";
import { openWeb } from "../support/web-of.ts";
import { World } from "../support/world.ts";
import { ALEX, BOT, GENERAL, MEGAN, Playground, RELEASES, TENANT } from "./playground.ts";

const EVERYWHERE = { projects: ["*"], environments: ["*"] };

/** DRAVEN as it is, with its worker, behind the Playground in a browser: Alex sits before it, Megan speaks from elsewhere. */
export interface Stage {
	readonly world: World;
	readonly page: Page;
	/** Megan says something to the bot in a channel. */
	megan(channel: string, text: string): Promise<void>;
	close(): Promise<void>;
}

export async function openStage(chromiumPath: string): Promise<Stage> {
	const world = await World.open({
		production: { approvals: { required: 1 } },
		access: [
			{ role: "operator", subjects: [{ entraUser: ALEX }, { entraUser: MEGAN }], ...EVERYWHERE },
			{ role: "approver", subjects: [{ entraUser: ALEX }, { entraUser: MEGAN }], ...EVERYWHERE },
		],
		channels: (environment) => ({ teams: environment === "production" ? RELEASES : GENERAL }),
	});
	world.hasten(1);
	const ends: (() => Promise<void>)[] = [() => world.close()];
	const close = async () => {
		for (const end of ends.splice(0).reverse()) await end();
	};
	try {
		const teams = createTeams({
			...{ app: null, graphBaseUrl: null, conversations: teamsConversations(world.deps.db, () => world.now()) },
			front: () => createFront(world.deps),
			store: async ({ dedupeKey, body }) => {
				await enqueue(world.deps.db, { kind: "teams_in", dedupeKey, payload: body }, world.now());
				world.deps.wake();
			},
			answers: putOffAnswers(
				world.deps.db,
				() => world.now(),
				() => world.deps.wake(),
			),
			log: world.deps.log,
		});
		world.deps = {
			...{ ...world.deps, chats: { teams: teams.chat }, groups: { teams: teams.groups } },
			wake: () => worker.wake(),
			pollIntervalSeconds: 1,
		};
		const worker = startWorker(
			world.deps,
			makeHandlers(world.deps, {
				...{ slackIn: async () => {}, apologise: async () => {}, writeCheckpoint: async () => {} },
				teamsIn: (stored) => teams.process(stored),
			}),
			{ pollMs: 100 },
		);
		ends.push(() => worker.stop());
		const { server: web, url } = await openWeb(world, { teamsInbox: teams.inbox });
		ends.push(() => web.close());
		const botUrl = `${url}/api/messages`;
		const playground = await Playground.start(botUrl);
		ends.push(() => playground.stop());
		const browser: Browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
		ends.push(() => browser.close());
		const page = await browser.newPage({ viewport: { width: 1500, height: 1100 }, timezoneId: "UTC", locale: "en-GB" });
		await page.goto(playground.url);
		let said = 0;
		return {
			world,
			page,
			async megan(channel, text) {
				said += 1;
				const response = await fetch(botUrl, {
					method: "POST",
					headers: { "content-type": "application/json" },
					body: JSON.stringify({
						...{ type: "message", id: `megan-${said}`, channelId: "msteams", serviceUrl: playground.serviceUrl },
						text: `<at>DRAVEN</at> ${text}`,
						entities: [{ type: "mention", text: "<at>DRAVEN</at>", mentioned: { id: BOT, name: "DRAVEN" } }],
						from: { id: "29:Megan", name: "Megan", aadObjectId: MEGAN },
						recipient: { id: BOT, name: "DRAVEN" },
						conversation: { id: channel, conversationType: "channel", tenantId: TENANT },
						channelData: { tenant: { id: TENANT }, team: { id: GENERAL }, channel: { id: channel } },
					}),
				});
				if (!response.ok) throw new Error(`Megan was not heard: ${response.status}`);
			},
			close,
		};
	} catch (error) {
		await close();
		throw error;
	}
}
