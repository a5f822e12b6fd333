import type { WebhookContent } from "../ports/pipeline.ts";

/** What a webhook said, stored after its signature was verified. */
export interface WebhookJob {
	readonly integrationId: string;
	readonly content: Exclude<WebhookContent, { kind: "ignored" }>;
}
