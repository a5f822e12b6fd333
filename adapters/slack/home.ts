import type { types } from "@slack/bolt";
import type { Card } from "../../src/ports/chat.ts";
import type { HomeView } from "../../src/ports/front.ts";
import { ask } from "./api.ts";
import type { SlackContext } from "./context.ts";
import { renderBlocks } from "./render-card.ts";

const MAX_BLOCKS = 100;

/** Draws a person's Home tab. */
export async function publishHome(context: SlackContext, tenant: string, user: string): Promise<void> {
	const home = await context.front().home("slack", tenant, user);
	await ask(() => context.api.views.publish({ user_id: user, view: { type: "home", blocks: homeBlocks(home) } }));
}

/** Cards are shown whole or not at all; what waits for the person comes first. */
export function homeBlocks(home: HomeView): types.KnownBlock[] {
	const notes = renderBlocks(home.notes.blocks, 9_000);
	const blocks: types.KnownBlock[] = [];
	let room = MAX_BLOCKS - notes.length - 5;
	const list = (title: string, cards: readonly Card[], none: string, from: number) => {
		blocks.push({ type: "header", text: { type: "plain_text", text: title, emoji: false } });
		if (cards.length === 0) blocks.push({ type: "section", text: { type: "plain_text", text: none, emoji: false } });
		for (const [index, card] of cards.entries()) {
			const drawn: types.KnownBlock[] = [...renderBlocks(card.blocks, from + index * 100), { type: "divider" }];
			if (drawn.length > room) break;
			room -= drawn.length;
			blocks.push(...drawn);
		}
	};
	list("Waiting for you", home.waitingForMe, "Nothing waits for your approval.", 0);
	list("Your runs", home.myRuns, "You have not asked for a run yet.", 4_000);
	return [...blocks, ...notes];
}
