import { VendorError } from "../../src/ports/vendor-error.ts";

/** Does something in a conversation, unless Teams has asked to leave it alone for now: then it throws how long that is, and asks nothing. */
export type HoldBack = <T>(conversationId: string, act: () => Promise<T>) => Promise<T>;

/** Teams counts what we say in each chat or channel, threads included; who goes on asking while it says to wait, waits longer. */
export function createHoldBack(now: () => number): HoldBack {
	const until = new Map<string, number>();
	return async (conversationId, act) => {
		const [room = conversationId] = conversationId.split(";");
		const left = (until.get(room) ?? 0) - now();
		if (left > 0) {
			const retryAfter = left / 1_000;
			throw new VendorError("rate_limited", `Teams asked to wait for ${Math.ceil(retryAfter)} s more.`, { retryAfter });
		}
		until.delete(room);
		try {
			return await act();
		} catch (error) {
			if (error instanceof VendorError && error.kind === "rate_limited")
				until.set(room, Math.max(until.get(room) ?? 0, now() + (error.retryAfter ?? 1) * 1_000));
			throw error;
		}
	};
}
