import { type Body, textAt } from "./body.ts";
import type { SlackContext } from "./context.ts";
import { projectOfRefBlock, projectOptions, refOptions } from "./form.ts";
import { readText } from "./read-text.ts";
import { tenantOf } from "./tenant.ts";

/** Fills a picker of the form while a person types. */
export async function suggest(context: SlackContext, body: Body): Promise<unknown> {
	const tenant = tenantOf(context, body);
	const user = textAt(body, "user", "id") ?? "";
	const query = readText(textAt(body, "value") ?? "");
	const block = textAt(body, "block_id") ?? "";
	switch (textAt(body, "action_id")) {
		case "project":
			return projectOptions(await context.front().formChoices("slack", tenant, user), query);
		case "ref":
			return refOptions(
				await context.front().refChoices("slack", tenant, user, projectOfRefBlock(block), query),
				query,
			);
		default:
			return { options: [] };
	}
}
