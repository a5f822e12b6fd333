import type { App } from "@slack/bolt";
import { isBody, textAt } from "./body.ts";
import type { SlackContext } from "./context.ts";
import { deliveryOf } from "./delivery-id.ts";
import { publishHome } from "./home.ts";
import { onAction } from "./on-action.ts";
import { onSubmission } from "./on-submission.ts";
import { readMention, readText } from "./read-text.ts";
import { sayCommand } from "./say-command.ts";
import { tenantOf } from "./tenant.ts";
import { whereOf } from "./where-of.ts";

/** What is done about each kind of request, after it was stored. */
export function addListeners(app: App, context: SlackContext): void {
	const { front, identity, log } = context;

	// The command may be registered under any name.
	app.command(/.*/, async ({ command }) => {
		const where = whereOf(command);
		if (where === null) return;
		await sayCommand(context, {
			tenant: tenantOf(context, command),
			text: readText(command.text ?? ""),
			where,
			thread: null,
			delivery: deliveryOf(command),
			triggerId: command.trigger_id ?? null,
		});
	});

	app.event("app_mention", async ({ event, body }) => {
		const where = whereOf(body);
		if (where === null || event.bot_id !== undefined || "edited" in event) return;
		const { userId } = await identity.get();
		await sayCommand(context, {
			tenant: tenantOf(context, body),
			text: readMention(event.text, userId),
			where,
			thread: where.thread,
			delivery: deliveryOf(body),
			triggerId: null,
		});
	});

	app.event("message", async ({ event, body }) => {
		// Only what a person writes to us; edits, joins and our own messages have a subtype or a bot.
		if (event.channel_type !== "im" || event.subtype !== undefined || event.bot_id !== undefined) return;
		const where = whereOf(body);
		const { userId } = await identity.get();
		if (where === null || where.user === userId) return;
		await sayCommand(context, {
			tenant: tenantOf(context, body),
			text: readMention(event.text ?? "", userId),
			where,
			thread: where.thread,
			delivery: deliveryOf(body),
			triggerId: null,
		});
	});

	app.event("app_home_opened", async ({ event, body }) => {
		if (event.tab === "home") await publishHome(context, tenantOf(context, body), event.user);
	});

	app.action(/.*/, async ({ body }) => {
		if (isBody(body)) await onAction(context, body);
	});
	app.view(/.*/, async ({ body }) => {
		if (isBody(body)) await onSubmission(context, body);
	});

	app.event("subteam_updated", async ({ event }) => front().forget("slack", { group: event.subteam.id }));
	app.event("subteam_members_changed", async ({ event }) => front().forget("slack", { group: event.subteam_id }));
	app.event("user_change", async ({ event }) => front().forget("slack", { user: event.user.id }));

	// Slack calls private channels groups.
	for (const type of ["channel_archive", "group_archive"] as const)
		app.event(type, async ({ event }) => {
			log.warn({ channel: event.channel }, "a Slack channel was archived: what is posted there will not arrive");
		});
	for (const type of ["channel_rename", "group_rename"] as const)
		app.event(type, async ({ event }) => {
			// Channels are known by their ids, so nothing has to be done.
			log.debug({ channel: event.channel.id }, "a Slack channel has another name now");
		});
	app.event("app_uninstalled", async ({ body }) => {
		log.error(
			{ team: textAt(body, "team_id") },
			"The Slack app was uninstalled: install it again and set the new SLACK_BOT_TOKEN.",
		);
	});
	app.event("tokens_revoked", async ({ body }) => {
		log.error(
			{ team: textAt(body, "team_id") },
			"Slack revoked tokens of this app: install it again and set the new SLACK_BOT_TOKEN.",
		);
	});
}
