import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { WebhookContent, WebhookHeaders, WebhookPort } from "../../src/ports/pipeline.ts";

const text = z.string().min(1).nullish().catch(null);
const Delivery = z.object({
	commit_status: z.object({ url: z.string(), repository: z.object({ full_name: text }).nullish().catch(null) }),
	repository: z.object({ full_name: text }).nullish().catch(null),
});

/** The events of commit statuses. */
export const FOLLOWED: readonly string[] = ["repo:commit_status_created", "repo:commit_status_updated"];

/**
 * The receiving half. A commit status names a pipeline by the address of its page alone: its key is the same for all pipelines of one
 * commit and branch, and so its state may be another's. It only makes us ask.
 */
export const bitbucketWebhook: WebhookPort = { verify, deliveryKey, ignoredBecause, read };

/** A hook without a secret sends no signature, and is refused. */
function verify(secret: string, rawBody: Buffer, headers: WebhookHeaders): boolean {
	const given = headers["x-hub-signature"];
	const [, hex] = typeof given === "string" ? (/^sha256=([0-9a-f]{64})$/i.exec(given) ?? []) : [];
	if (secret === "" || hex === undefined) return false;
	return timingSafeEqual(createHmac("sha256", secret).update(rawBody).digest(), Buffer.from(hex, "hex"));
}

/**
 * From the body alone: X-Request-UUID and X-Attempt-Number are not signed, so they can neither make an old delivery new nor keep a new
 * one out. Bitbucket sends the same body when it tries again, and no two news have the same: each has its time.
 */
function deliveryKey(rawBody: Buffer): string {
	return `body:${createHash("sha256").update(rawBody).digest("hex")}`;
}

function ignoredBecause(headers: WebhookHeaders): string | null {
	const event = headers["x-event-key"];
	if (event === undefined || (typeof event === "string" && FOLLOWED.includes(event))) return null;
	if (event === "diagnostics:ping") return "Bitbucket only asks whether we are here.";
	return `The event ${typeof event === "string" ? event.slice(0, 50) : "?"} is not followed: the commit statuses say all that is needed.`;
}

function read(rawBody: Buffer, headers: WebhookHeaders): WebhookContent {
	const because = ignoredBecause(headers);
	if (because !== null) return { kind: "ignored", because };
	const delivery = Delivery.safeParse(jsonOf(rawBody)).data;
	if (delivery === undefined)
		return { kind: "ignored", because: "It is no commit status with an address that can be read." };
	const { commit_status: status, repository } = delivery;
	const [, run] = /results\/(\d{1,15})(?!\d)/.exec(status.url) ?? [];
	if (run === undefined)
		return {
			kind: "ignored",
			because: "Its commit status is of another CI: its address is no pipeline's of Bitbucket.",
		};
	const name = repository?.full_name ?? status.repository?.full_name ?? repositoryIn(status.url);
	if (name === null) return { kind: "ignored", because: "It does not say of which repository it is." };
	return { kind: "nudge", repository: name, run };
}

function repositoryIn(url: string): string | null {
	const [, name] = /^https?:\/\/bitbucket\.org\/([\w.-]+\/[\w.-]+)\//.exec(url) ?? [];
	return name ?? null;
}

function jsonOf(rawBody: Buffer): unknown {
	try {
		return JSON.parse(rawBody.toString("utf8"));
	} catch {
		return null;
	}
}
