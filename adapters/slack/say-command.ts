import type { Card } from "../../src/ports/chat.ts";
import type { Answer } from "../../src/ports/front.ts";
import { answerPerson, type Where } from "./answer-person.ts";
import { slackCode } from "./api.ts";
import type { SlackContext } from "./context.ts";
import type { Delivery } from "./delivery-id.ts";
import { deployForm, type Origin } from "./form.ts";

/** A command, however it was said. */
export interface Saying {
	readonly tenant: string;
	readonly text: string;
	readonly where: Where;
	/** Root message of the thread it was said in. */
	readonly thread: string | null;
	readonly delivery: Delivery;
	/** Lets a form be opened, for three seconds; null: it was not said by a click or a slash. */
	readonly triggerId: string | null;
}

const OPEN_FORM: Card["blocks"][number] = {
	kind: "actions",
	actions: [
		{ kind: "command", label: "Open the form", command: "deploy", spoken: "Open the form to deploy something" },
	],
};

/** Says it to DRAVEN and brings the answer back; where the answer is the form, opens it. */
export async function sayCommand(context: SlackContext, saying: Saying): Promise<Answer> {
	const { where, tenant, triggerId } = saying;
	const answer = await context.front().command({
		platform: "slack",
		tenant,
		user: where.user,
		channel: where.channel,
		thread: saying.thread,
		text: saying.text,
		deliveryId: saying.delivery.id,
		saidAt: saying.delivery.saidAt,
	});
	if (!answer.form) await answerPerson(context, where, answer.card);
	else if (triggerId === null)
		await answerPerson(context, where, { ...answer.card, blocks: [OPEN_FORM, ...answer.card.blocks] });
	else await openForm(context, tenant, where, triggerId);
	return answer;
}

async function openForm(context: SlackContext, tenant: string, where: Where, triggerId: string): Promise<void> {
	const origin: Origin = { channel: where.channel, thread: where.thread };
	const choices = await context.front().formChoices("slack", tenant, where.user);
	try {
		await context.api.views.open({ trigger_id: triggerId, view: deployForm(choices, null, origin) });
	} catch (error) {
		await answerPerson(context, where, couldNotOpen("The form", error, OPEN_FORM));
	}
}

/** A modal needs its click to be fresh; what to do when it is not any more. */
export function couldNotOpen(what: string, error: unknown, again: Card["blocks"][number]): Card {
	const late = ["expired_trigger_id", "exchanged_trigger_id"].includes(slackCode(error) ?? "");
	const text = `${what} could not be opened: ${late ? "it took too long" : "Slack did not let me"}. Nothing was changed; try again.`;
	return { text, blocks: [{ kind: "text", text: [text] }, again] };
}
