import type { Card } from "../../src/ports/chat.ts";
import { callByName } from "./call-by-name.ts";
import { inRoom } from "./chat.ts";
import type { TeamsContext } from "./context.ts";
import type { Where } from "./where.ts";

/**
 * Tells one person alone, in their own chat with us. Who has not installed the app is answered where they spoke. What was asked for has
 * been done by now and must not be done again, so this never throws: when no way leads to the person, the log says so.
 */
export async function answerPerson(context: TeamsContext, where: Where, answer: Card): Promise<void> {
	const card = await callByName(answer, context.nameOf);
	const ways = where.personal ? [inPlace] : [inPrivate, inThread];
	for (const way of ways) {
		try {
			await way(context, where, card);
			return;
		} catch (error) {
			context.log.debug({ err: error, way: way.name }, "one way to answer in Teams is closed");
		}
	}
	context.log.warn({ user: where.user, channel: where.channel }, "a person could not be answered in Teams");
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
