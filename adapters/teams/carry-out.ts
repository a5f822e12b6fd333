import { setTimeout } from "node:timers/promises";
import type { Card } from "../../src/ports/chat.ts";
import type { RefChoice } from "../../src/ports/front.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { textCard } from "../../src/words/rich.ts";
import type { Activity } from "./activity.ts";
import { answerPerson, tellSecret } from "./answer-person.ts";
import type { TeamsContext } from "./context.ts";
import { deployForm, formCommand, formMessage, projectOfForm } from "./form.ts";
import { drawHomeAgain, opensHome, sendHome } from "./home.ts";
import { type PressedButton, pressedOf } from "./pressed.ts";
import { mentionsUs, readText } from "./read-text.ts";
import { remember } from "./remember.ts";
import type { Stored } from "./stored.ts";
import { type Where, whereOf } from "./where.ts";

type Delivery = Stored["draven"];

/** A card within the answer has to be there in 2.5 s; a provider may need longer to list its versions. */
const REFS_WITHIN_MS = 1_500;

/** Carries out a stored activity; may be called again for the same one after a crash. */
export async function carryOut(context: TeamsContext, activity: Activity, delivery: Delivery): Promise<void> {
	await remember(context.conversations, activity);
	if (activity.type === "installationUpdate") return greet(context, activity);
	if (activity.type !== "message" && activity.type !== "invoke") return;
	const where = whereOf(activity);
	if (where === null) {
		context.log.warn(
			{ conversation: activity.conversation.id },
			"somebody without an Entra id spoke in Teams; nothing is done",
		);
		return;
	}
	const pressed = pressedOf(activity);
	if (pressed !== null) {
		await onPress(context, where, pressed, delivery);
		if (pressed.onHome && activity.replyToId !== null) await drawHomeAgain(context, where, activity.replyToId);
	} else if (activity.type === "message") await onMessage(context, where, activity, delivery);
}

/** In channels people talk to each other: what does not mention us is not for us, should we get to hear it (a right of an app can be that). */
async function onMessage(context: TeamsContext, where: Where, activity: Activity, delivery: Delivery): Promise<void> {
	const isPress = typeof activity.value === "object" && activity.value !== null;
	if (isPress) await answerPerson(context, where, UNKNOWN_BUTTON, delivery.id);
	else if (where.personal || mentionsUs(activity)) await sayCommand(context, where, readText(activity), delivery);
}

const UNKNOWN_BUTTON: Card = textCard("I do not know this button, so nothing was done. Say the command instead.");

/** Whoever installs the app is shown their own page, in their chat with it: it says how to go on. */
async function greet(context: TeamsContext, activity: Activity): Promise<void> {
	const where = activity.action === "add" ? whereOf(activity) : null;
	if (where?.personal) await sendHome(context, where);
}

async function onPress(
	context: TeamsContext,
	where: Where,
	{ press, inputs }: Pick<PressedButton, "press" | "inputs">,
	delivery: Delivery,
): Promise<void> {
	switch (press.act) {
		case "say":
			return sayCommand(context, where, press.command, delivery);
		case "decide": {
			// Its client asked for one; spaces pass there, and not every client asks.
			if (press.id === "reject" && inputs.reason === null) return answerPerson(context, where, NO_REASON, delivery.id);
			const { user, homeTenant: tenant } = where;
			const by = { platform: "teams", tenant, user, deliveryId: delivery.id, saidAt: delivery.saidAt } as const;
			const answer = await context
				.front()
				.decide({ ...by, action: press.id, value: press.value, reason: inputs.reason });
			return answerPerson(context, where, answer.card, delivery.id);
		}
		case "view":
			// It is answered at once, and changes nothing.
			return;
		case "home":
			return sendHome(context, where);
		case "form": {
			if (press.project === null) return sendForm(context, where, inputs.project);
			const command = formCommand(press.project, inputs);
			return command === null
				? answerPerson(context, where, NOT_FILLED_IN, delivery.id)
				: sayCommand(context, where, command, delivery);
		}
		default:
			return press satisfies never;
	}
}

const NO_REASON: Card = textCard(
	"Nothing was done: say why, for whoever asked for the run wants to know. Press Reject again, or write reject #run reason.",
);

const NOT_FILLED_IN: Card = textCard(
	"Nothing was done: the form needs an environment, and a version without spaces. Say deploy to open it again.",
);

async function sayCommand(context: TeamsContext, where: Where, text: string, delivery: Delivery): Promise<void> {
	const { homeTenant: tenant, user, channel, thread } = where;
	const said = { platform: "teams", tenant, user, channel, thread, text } as const;
	const answer = await context.front().command({ ...said, deliveryId: delivery.id, saidAt: delivery.saidAt });
	if (opensHome(where, text, answer)) await sendHome(context, where);
	else if (answer.form) await sendForm(context, where, null);
	else await (answer.secret ? tellSecret : answerPerson)(context, where, answer.card, delivery.id);
}

async function sendForm(context: TeamsContext, where: Where, picked: string | null): Promise<void> {
	const form = formMessage(await formFor(context, where, picked));
	const { connection, reach, log } = context;
	try {
		if (where.personal) await connection.send(where, form, null);
		else await reach.toPerson(where.user, form).catch(() => connection.send(where, form, where.thread));
	} catch (error) {
		// Asking for it changed nothing, so it may be asked for again.
		if (error instanceof VendorError && error.kind === "rate_limited") throw error;
		log.warn({ user: where.user, err: error }, "the form could not be shown in Teams");
	}
}

/** The form for what was picked so far. Changes nothing. */
export async function formFor(context: TeamsContext, where: Where, picked: string | null) {
	const { homeTenant: tenant, user } = where;
	const choices = await context.front().formChoices("teams", tenant, user);
	const project = projectOfForm(choices, picked);
	const refs =
		project === null ? [] : await inTime(context.front().refChoices("teams", tenant, user, project.slug, ""));
	return deployForm(choices, project, refs);
}

/** The form stands for itself without them: a version can be typed. */
async function inTime(asked: Promise<readonly RefChoice[]>): Promise<readonly RefChoice[]> {
	const stop = new AbortController();
	const late = setTimeout(REFS_WITHIN_MS, [], { signal: stop.signal });
	// Whichever comes too late is nobody's any more.
	late.catch(() => {});
	asked.catch(() => {});
	try {
		return await Promise.race([asked, late]);
	} finally {
		stop.abort();
	}
}
