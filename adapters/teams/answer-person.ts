import type { Card } from "../../src/ports/chat.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { textCard } from "../../src/words/rich.ts";
import { callByName } from "./call-by-name.ts";
import { inRoom } from "./chat.ts";
import type { TeamsContext } from "./context.ts";
import type { Where } from "./where.ts";

/**
 * Tells one person alone. What was asked for has been done by now and must not be done again: what cannot be told just now is stored to
 * be told later, and what is answered to the same person in the meantime comes after it. `deliveryId` names what it answers.
 */
export async function answerPerson(context: TeamsContext, where: Where, card: Card, deliveryId: string): Promise<void> {
	const { user, channel, tenant } = where;
	const orderKey = `answer:teams:${tenant}:${user}`;
	const putOff = () =>
		context.answers.keep({
			...{ dedupeKey: `teams:${tenant}:answer:${deliveryId}`, orderKey },
			body: { answer: { where, card } },
		});
	if (await context.answers.wait(orderKey)) return putOff();
	try {
		await tellPerson(context, where, card);
	} catch (error) {
		if (maySucceedLater(error)) return putOff();
		context.log.warn({ user, channel, err: error }, "a person could not be answered in Teams");
	}
}

/** It passes, or an admin mends our credentials. */
function maySucceedLater(error: unknown): boolean {
	return error instanceof VendorError && (error.passing || error.kind === "unauthorized");
}

/**
 * Tells what lets somebody in: in their own chat with us or not at all, and it is stored nowhere. Throws what may pass: then the
 * command is carried out again, and makes another one.
 */
export async function tellSecret(context: TeamsContext, where: Where, card: Card, deliveryId: string): Promise<void> {
	try {
		await (where.personal ? inPlace : inPrivate)(context, where, card);
	} catch (error) {
		if (maySucceedLater(error)) throw error;
		await answerPerson(context, where, NO_OWN_CHAT, deliveryId);
	}
}

const NO_OWN_CHAT: Card = textCard(
	"I tell this in your own chat with me alone, and I cannot write to you there: add the app DRAVEN under Apps in Teams, and say it again in the chat with it.",
);

/**
 * In their own chat with us, wherever its server is by now; who has not installed the app is answered where they spoke. Throws what may pass, and then others do not
 * get to read it either; when no way leads to the person, the log says so.
 */
export async function tellPerson(context: TeamsContext, where: Where, answer: Card): Promise<void> {
	const card = await callByName(answer, context.nameOf);
	for (const way of where.personal ? [inPlace, inPrivate] : [inPrivate, inThread]) {
		try {
			return await way(context, where, card);
		} catch (error) {
			if (!(error instanceof VendorError) || maySucceedLater(error)) throw error;
		}
	}
	context.log.warn({ user: where.user, channel: where.channel }, "no way leads to a person in Teams");
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
