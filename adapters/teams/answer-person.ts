import { setTimeout } from "node:timers/promises";
import type { Card } from "../../src/ports/chat.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { textCard } from "../../src/words/rich.ts";
import { callByName } from "./call-by-name.ts";
import { inRoom } from "./chat.ts";
import type { TeamsContext } from "./context.ts";
import type { Where } from "./where.ts";

const TRIES = 3;
const LONGEST_WAIT_S = 5;
/** What others may read of an answer that is for one person, when their chat is only out of reach for a while. */
const NOT_HERE = textCard(
	'I could not write to you in our own chat just now, and what you asked for is answered to you alone. Whether it was done, "status" and "history" tell.',
);

/**
 * Tells one person alone, in their own chat with us. Who has not installed the app is answered where they spoke. What was asked for has
 * been done by now and must not be done again, so this never throws: when no way leads to the person, the log says so.
 */
export async function answerPerson(context: TeamsContext, where: Where, answer: Card): Promise<void> {
	const card = await callByName(answer, context.nameOf);
	const unanswered = { user: where.user, channel: where.channel };
	try {
		if (await sooner(() => (where.personal ? inPlace(context, where, card) : inPrivate(context, where, card)))) return;
		if (!where.personal && (await sooner(() => inThread(context, where, card)))) return;
		context.log.warn(unanswered, "no way leads to a person in Teams");
	} catch (error) {
		context.log.warn({ ...unanswered, err: error }, "a person could not be answered in Teams");
		if (!where.personal) await inThread(context, where, NOT_HERE).catch(() => {});
	}
}

/** False: there is no such way, and waiting makes none. Throws what did not pass in time. */
async function sooner(send: () => Promise<void>): Promise<boolean> {
	for (let attempt = 1; ; attempt++) {
		try {
			await send();
			return true;
		} catch (error) {
			if (!(error instanceof VendorError) || error.kind === "unauthorized") throw error;
			if (!error.passing) return false;
			// Twice said is worse than not said.
			if (error.mayHaveHappened || attempt === TRIES) throw error;
			await setTimeout(Math.min(error.retryAfter ?? 1, LONGEST_WAIT_S) * 1_000);
		}
	}
}

async function inPlace({ connection }: TeamsContext, where: Where, card: Card): Promise<void> {
	await inRoom(card, (message) => connection.send(where, message, null));
}

async function inPrivate({ reach }: TeamsContext, { user }: Where, card: Card): Promise<void> {
	await inRoom(card, (message) => reach.toPerson(user, message));
}

async function inThread({ connection }: TeamsContext, where: Where, card: Card): Promise<void> {
	const forWhom: Card["blocks"][number] = { kind: "small", text: [`For ${where.userName}:`] };
	const addressed = { text: `For ${where.userName}: ${card.text}`, blocks: [forWhom, ...card.blocks] };
	await inRoom(addressed, (message) => connection.send(where, message, where.thread));
}
