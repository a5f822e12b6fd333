import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

const MAX_SKEW_SECONDS = 300;

/** Tells whether the bytes of a request were signed by Slack within the last five minutes, and not in the future either. */
export function signatureCheck(
	signingSecret: string,
	now: () => number = Date.now,
): (headers: IncomingHttpHeaders, body: Buffer) => boolean {
	const key = createSecretKey(signingSecret, "utf8");
	return (headers, body) => {
		const timestamp = headers["x-slack-request-timestamp"];
		const signature = headers["x-slack-signature"];
		if (typeof timestamp !== "string" || typeof signature !== "string" || !/^\d{1,12}$/.test(timestamp)) return false;
		if (Math.abs(now() / 1_000 - Number(timestamp)) > MAX_SKEW_SECONDS) return false;
		const wanted = createHmac("sha256", key).update(`v0:${timestamp}:`).update(body).digest();
		const given = Buffer.from(signature.replace(/^v0=/, ""), "hex");
		return signature.startsWith("v0=") && given.length === wanted.length && timingSafeEqual(given, wanted);
	};
}
