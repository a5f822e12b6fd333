import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { WebhookHeaders } from "../../src/ports/pipeline.ts";

/** A signing token begins so; what follows is the key. With it only signed deliveries are taken. */
export const SIGNING_TOKEN = "whsec_";
/** How old, or how far ahead, a signed delivery may be: a captured one cannot be sent again later. */
const TOLERANCE_MS = 5 * 60_000;

/** A plain token comes along as it is and proves only who sends; a signing token signs the body, its id and its time. */
export function verifySignature(secret: string, rawBody: Buffer, headers: WebhookHeaders, now: Date): boolean {
	if (secret === "") return false;
	return secret.startsWith(SIGNING_TOKEN)
		? isSigned(Buffer.from(secret.slice(SIGNING_TOKEN.length), "base64"), rawBody, headers, now)
		: isToken(secret, headers["x-gitlab-token"]);
}

/** Digests have one length, so the comparison tells nothing of the secret's. */
function isToken(secret: string, given: WebhookHeaders[string]): boolean {
	if (typeof given !== "string") return false;
	const [ours, theirs] = [secret, given].map((text) => createHash("sha256").update(text).digest());
	return ours !== undefined && theirs !== undefined && timingSafeEqual(ours, theirs);
}

/** As Standard Webhooks have it; while a key is changed there are several signatures. */
function isSigned(key: Buffer, rawBody: Buffer, headers: WebhookHeaders, now: Date): boolean {
	const [id, at, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => headers[name]);
	if (typeof id !== "string" || typeof at !== "string" || typeof signatures !== "string") return false;
	if (key.length === 0 || !/^\d{1,12}$/.test(at) || Math.abs(now.getTime() - Number(at) * 1_000) > TOLERANCE_MS)
		return false;
	const wanted = createHmac("sha256", key).update(`${id}.${at}.`).update(rawBody).digest();
	return signatures.split(" ").some((signature) => {
		const [, base64] = /^v1,([A-Za-z0-9+/]+=*)$/.exec(signature) ?? [];
		const given = Buffer.from(base64 ?? "", "base64");
		return given.length === wanted.length && timingSafeEqual(given, wanted);
	});
}
