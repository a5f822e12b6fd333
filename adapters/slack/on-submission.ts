import { answerPerson } from "./answer-person.ts";
import { type Body, textAt } from "./body.ts";
import type { SlackContext } from "./context.ts";
import { deliveryOf } from "./delivery-id.ts";
import { FORM, formCommand } from "./form.ts";
import { REJECT, rejectReason, rejectValue } from "./reject-form.ts";
import { sayCommand } from "./say-command.ts";
import { tenantOf } from "./tenant.ts";
import { whereOf } from "./where-of.ts";

/** A form that was sent. What stands against it was said before it was stored. */
export async function onSubmission(context: SlackContext, body: Body): Promise<void> {
	if (textAt(body, "type") !== "view_submission") return;
	const view = body["view"];
	const where = whereOf(body);
	if (where === null) return;
	const { user, thread } = where;
	const delivery = deliveryOf(body);
	const tenant = tenantOf(context, body);
	const metadata = textAt(view, "private_metadata");
	switch (textAt(view, "callback_id")) {
		case FORM: {
			const text = formCommand(view);
			if (text !== null) await sayCommand(context, { tenant, text, where, thread, delivery, triggerId: null });
			return;
		}
		case REJECT: {
			const value = rejectValue(metadata);
			const reason = rejectReason(view);
			if (value === null || reason === null) return;
			const { id, saidAt } = delivery;
			const by = { platform: "slack", tenant, user, deliveryId: id, saidAt } as const;
			const answer = await context.front().decide({ ...by, action: "reject", value, reason });
			await answerPerson(context, where, answer.card);
			return;
		}
		default:
			return;
	}
}
