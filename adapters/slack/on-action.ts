import type { Decision } from "../../src/ports/front.ts";
import { answerPerson, type Where } from "./answer-person.ts";
import { slackCode } from "./api.ts";
import { type Body, textAt } from "./body.ts";
import type { SlackContext } from "./context.ts";
import { deliveryOf } from "./delivery-id.ts";
import { deployForm, FORM, readOrigin } from "./form.ts";
import { publishHome } from "./home.ts";
import { rejectForm } from "./reject-form.ts";
import { couldNotOpen, sayCommand } from "./say-command.ts";
import { slackError } from "./slack-error.ts";
import { tenantOf } from "./tenant.ts";
import { whereOf } from "./where-of.ts";

/** A click on one of our buttons, or a change of one of our pickers. */
export async function onAction(context: SlackContext, body: Body): Promise<void> {
	const actionId = textAt(body, "actions", 0, "action_id") ?? "";
	if (textAt(body, "view", "callback_id") === FORM) {
		if (actionId === "project") await showProject(context, body);
		return;
	}
	const value = textAt(body, "actions", 0, "value");
	const where = whereOf(body);
	if (value === null || where === null) return;
	const { user } = where;
	const delivery = deliveryOf(body);
	const tenant = tenantOf(context, body);
	const [kind, what] = actionId.split(":");
	if (kind === "say") {
		await sayCommand(context, {
			tenant,
			text: value,
			where,
			thread: rootOf(body),
			delivery,
			triggerId: textAt(body, "trigger_id"),
		});
	} else if (kind === "decision" && what === "reject") await askWhy(context, body, where, value);
	else if (kind === "decision" && isDecision(what)) {
		const { id, saidAt } = delivery;
		const by = { platform: "slack", tenant, user, deliveryId: id, saidAt } as const;
		const answer = await context.front().decide({ ...by, action: what, value, reason: null });
		await answerPerson(context, where, answer.card);
	} else return;
	if (textAt(body, "view", "type") === "home") await drawAgain(context, tenant, user);
}

/** What the click did is done; it must not be done again because the Home tab could not be drawn. */
async function drawAgain(context: SlackContext, tenant: string, user: string): Promise<void> {
	try {
		await publishHome(context, tenant, user);
	} catch (error) {
		context.log.warn({ user, err: error }, "a Home tab in Slack could not be drawn anew; it is when it is opened next");
	}
}

function isDecision(word: string | undefined): word is Decision["action"] {
	return word === "approve" || word === "cancel" || word === "retry";
}

function rootOf(body: Body): string | null {
	return (
		textAt(body, "container", "thread_ts") ?? textAt(body, "message", "thread_ts") ?? textAt(body, "message", "ts")
	);
}

async function askWhy(context: SlackContext, body: Body, where: Where, value: string): Promise<void> {
	const origin = { channel: where.channel, thread: where.thread };
	try {
		await context.api.views.open({
			trigger_id: textAt(body, "trigger_id") ?? "",
			view: rejectForm(value, origin),
		});
	} catch (error) {
		await answerPerson(
			context,
			where,
			couldNotOpen("The form for the reason", error, {
				kind: "small",
				text: ["Click Reject again, or write ", { code: "reject #run reason" }, "."],
			}),
		);
	}
}

/** Another project was picked: its environments and versions take the place of the old ones. */
async function showProject(context: SlackContext, body: Body): Promise<void> {
	const picked = textAt(body, "actions", 0, "selected_option", "value");
	const id = textAt(body, "view", "id");
	if (id === null) return;
	const choices = await context.front().formChoices("slack", tenantOf(context, body), textAt(body, "user", "id") ?? "");
	const view = deployForm(choices, picked, readOrigin(textAt(body, "view", "private_metadata")));
	try {
		await context.api.views.update({ view_id: id, hash: textAt(body, "view", "hash") ?? "", view });
	} catch (error) {
		// Closed, or changed once more in the meantime: the later change counts.
		if (!["not_found", "view_not_found", "hash_conflict"].includes(slackCode(error) ?? "")) throw slackError(error);
	}
}
