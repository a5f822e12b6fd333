import type { EffectivePolicy } from "../policy.ts";
import type { Facts, RuleVerdict } from "../verdict.ts";
import { holds, refuses } from "./outcome.ts";

/** Counts the runs that wait, not the one at work. */
export function queueRule({ limit }: EffectivePolicy["queue"], { queueLength }: Facts): RuleVerdict {
	return queueLength < limit
		? holds("queue", "queue_open", `${queueLength} of ${limit} places in the queue are taken.`)
		: refuses(
				"queue",
				"queue_full",
				`${queueLength} runs wait here, as many as the policy lets wait.`,
				"Wait until one has gone, or cancel one that is no longer wanted.",
			);
}
