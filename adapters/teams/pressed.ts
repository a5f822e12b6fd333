import { z } from "zod";
import type { Activity } from "./activity.ts";
import { type Press, Pressed } from "./card-action.ts";
import { Inputs } from "./form.ts";

const Invoked = z.object({ action: z.object({ verb: z.string().max(200), data: z.unknown() }) });

export interface PressedButton {
	readonly press: Press;
	readonly inputs: Inputs;
	/** It stands on a person's own page. */
	readonly onHome: boolean;
}

/** The button of one of our cards that an activity tells of, by invoke or as a message; null: none. */
export function pressedOf(activity: Activity): PressedButton | null {
	const data = dataOf(activity);
	const press = Pressed.safeParse(data);
	const inputs = Inputs.safeParse(data);
	if (!press.success || !inputs.success) return null;
	return { press: press.data.draven, inputs: inputs.data, onHome: press.data.home === true };
}

function dataOf(activity: Activity): unknown {
	if (activity.type !== "invoke") return activity.value;
	const invoked = Invoked.safeParse(activity.value);
	return invoked.success ? invoked.data.action.data : null;
}
