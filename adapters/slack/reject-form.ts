import type { types } from "@slack/bolt";
import { textAt } from "./body.ts";
import type { Origin } from "./form.ts";

export const REJECT = "reject_form";

/** Asks why, before a run is rejected. `value` is that of the button. */
export function rejectForm(value: string, origin: Origin): types.ModalView {
	const plain = (text: string) => ({ type: "plain_text" as const, text, emoji: false });
	return {
		type: "modal",
		callback_id: REJECT,
		private_metadata: JSON.stringify({ ...origin, value }),
		title: plain("Reject this run"),
		submit: plain("Reject"),
		close: plain("Leave it"),
		blocks: [
			{
				type: "input",
				block_id: "reason",
				label: plain("Reason"),
				hint: plain("Everybody who follows the run reads it."),
				element: { type: "plain_text_input", action_id: "reason", multiline: true, max_length: 500 },
			},
		],
	};
}

export function rejectReason(view: unknown): string | null {
	const reason = textAt(view, "state", "values", "reason", "reason", "value")?.replace(/\s+/g, " ").trim();
	return reason === undefined || reason === "" ? null : reason;
}

export function rejectProblems(view: unknown): Record<string, string> | null {
	return rejectReason(view) === null ? { reason: "Say why: whoever asked for the run wants to know." } : null;
}

/** The value of the button that opened the form. */
export function rejectValue(metadata: unknown): string | null {
	try {
		return textAt(JSON.parse(typeof metadata === "string" ? metadata : ""), "value");
	} catch {
		return null;
	}
}
