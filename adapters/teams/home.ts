import type { Card } from "../../src/ports/chat.ts";
import type { Answer, HomeView } from "../../src/ports/front.ts";
import { callByName } from "./call-by-name.ts";
import { type Element, press } from "./card-action.ts";
import type { Message } from "./connection.ts";
import type { TeamsContext } from "./context.ts";
import { cut } from "./markdown.ts";
import { CARD_TYPE, MAX_FALLBACK, MORE, ROOM, renderBlock } from "./render-card.ts";
import { weigh } from "./weigh.ts";
import type { Where } from "./where.ts";

const GREETING = /^(?:home|hi|hello|hey)(?:\s+(?:there|draven))?[\s!.,]*$/i;
/** What the grammar makes of words that it does not know: whoever has a project of that name is asked about it instead. */
const UNKNOWN = new Set(["unknown_project", "unknown_verb"]);

/** Teams has no tab of a person's own that follows them, so their page is a card in their chat with us: for whoever says hello. */
export function opensHome({ personal }: Where, text: string, { code }: Answer): boolean {
	return personal && code !== null && UNKNOWN.has(code) && GREETING.test(text);
}

/** A person's own page as it stands now; their client asks for it anew whenever they come back to it. Changes nothing. */
export async function homeFor(context: TeamsContext, { homeTenant, tenant, user }: Where): Promise<Element> {
	const reader = (await context.conversations.accountsOf(tenant, [user])).get(user) ?? null;
	const home = await context.front().home("teams", homeTenant, user);
	const named = (card: Card) => callByName(card, context.nameOf);
	const [waitingForMe, myRuns, notes] = await Promise.all([
		Promise.all(home.waitingForMe.map(named)),
		Promise.all(home.myRuns.map(named)),
		named(home.notes),
	]);
	return homeCard({ waitingForMe, myRuns, notes }, reader);
}

/** Throws VendorError: it may be shown again later, for nothing was done. */
export async function sendHome(context: TeamsContext, where: Where): Promise<void> {
	const message = homeMessage(await homeFor(context, where));
	if (where.personal) await context.connection.send(where, message, null);
	else await context.reach.toPerson(where.user, message);
}

/** What the press did is done; it must not be done again because the page could not be drawn. */
export async function drawHomeAgain(context: TeamsContext, where: Where, activityId: string): Promise<void> {
	try {
		await context.connection.update(where, activityId, homeMessage(await homeFor(context, where)));
	} catch (error) {
		context.log.warn({ user: where.user, err: error }, "a person's page in Teams could not be drawn anew");
	}
}

/** Runs are shown whole or not at all; what waits for the person comes first. `reader`: their id at Teams, if it is known. */
export function homeCard(home: HomeView, reader: string | null): Element {
	const notes = home.notes.blocks.flatMap(renderBlock);
	const shell = {
		type: "AdaptiveCard",
		$schema: "http://adaptivecards.io/schemas/adaptive-card.json",
		version: "1.5",
		fallbackText: cut(textOf(home), MAX_FALLBACK),
		speak: `${spokenCount(home.waitingForMe, WAITING, NOTHING_WAITS)} ${spokenCount(home.myRuns, MINE, NO_RUNS)}`,
		msteams: { width: "Full" },
		...(reader === null ? {} : { refresh: { action: BY_ITSELF, userIds: [reader] } }),
	};
	let room = ROOM - weigh([shell, ...notes, REFRESH, MORE, MORE]) - 1_000;
	const list = (title: string, cards: readonly Card[], none: string): Element[] => {
		const body: Element[] = [heading(title)];
		if (cards.length === 0) body.push({ type: "TextBlock", text: none, wrap: true });
		for (const card of cards) {
			const drawn = [...card.blocks.flatMap(renderBlock).map(onHome), DIVIDER];
			const taken = weigh(drawn);
			if (taken > room) return [...body, MORE];
			room -= taken;
			body.push(...drawn);
		}
		return body;
	};
	const body = [
		...list(WAITING, home.waitingForMe, NOTHING_WAITS),
		...list(MINE, home.myRuns, NO_RUNS),
		...notes,
		REFRESH,
	];
	return { ...shell, body };
}

const WAITING = "Waiting for you";
const NOTHING_WAITS = "Nothing waits for your approval.";
const MINE = "Your runs";
const NO_RUNS = "You have not asked for a run yet.";
const DIVIDER: Element = { type: "TextBlock", text: " ", separator: true };
const AS_NOW = press(
	{ title: "Refresh", tooltip: "Show what waits for you and your runs as they are now" },
	{ act: "home" },
);
const REFRESH: Element = { type: "ActionSet", actions: [AS_NOW] };
/** Clients that execute nothing know no refresh either. */
const { fallback: _, ...BY_ITSELF } = AS_NOW;

function heading(text: string): Element {
	return { type: "TextBlock", text, wrap: true, size: "ExtraLarge", weight: "Bolder", style: "heading" };
}

function homeMessage(content: Element): Message {
	return {
		type: "message",
		summary: "What waits for you, and your runs",
		attachments: [{ contentType: CARD_TYPE, content }],
	};
}

function textOf({ waitingForMe, myRuns, notes }: HomeView): string {
	const texts = (cards: readonly Card[], none: string) => (cards.length === 0 ? [none] : cards.map(({ text }) => text));
	return [WAITING, ...texts(waitingForMe, NOTHING_WAITS), MINE, ...texts(myRuns, NO_RUNS), notes.text].join("\n\n");
}

function spokenCount(cards: readonly Card[], title: string, none: string): string {
	return cards.length === 0 ? none : `${title}: ${cards.length}.`;
}

/** Its buttons say where they stand, so that the page is drawn anew once they were carried out. */
function onHome(element: Element): Element {
	const marked = (key: string, value: unknown) =>
		key === "data" && typeof value === "object" ? { ...value, home: true } : value;
	return JSON.parse(JSON.stringify(element, marked));
}
