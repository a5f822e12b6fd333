import { z } from "zod";

/**
 * What `draven runner` and the server say to each other, over HTTP with the runner's own token:
 *
 * POST /api/v1/runner/claim                 Claim  -> 200 Work, or 204 when there is none within `waitSeconds`
 * POST /api/v1/runner/work/{jobId}/heartbeat Beat   -> 200 Beaten, 409 when the lease is lost: stop at once
 * POST /api/v1/runner/work/{jobId}/log       Lines  -> 204, 409 as above; lines with a `from` already stored are dropped
 * POST /api/v1/runner/work/{jobId}/finish    Finish -> 204 (also when said twice), 409 as above
 */
export const Claim = z.strictObject({
	runner: z.string().min(1).max(100),
	labels: z.array(z.string().min(1).max(50)).max(20),
	/** Long poll; seconds. */
	waitSeconds: z.number().int().min(0).max(30),
});
export type Claim = z.infer<typeof Claim>;

export const Work = z.object({
	jobId: z.uuid(),
	/** Raised with each claim: names this claim in all that follows. */
	lease: z.number().int(),
	/** Seconds without a heartbeat after which the server calls this runner dead. */
	leaseSeconds: z.number(),
	repository: z.string(),
	entrypoint: z.string(),
	sha: z.string(),
	variables: z.record(z.string(), z.string()),
	timeoutSeconds: z.number(),
});
export type Work = z.infer<typeof Work>;

export const Beat = z.strictObject({ lease: z.number().int() });
export type Beat = z.infer<typeof Beat>;
export const Beaten = z.object({ cancel: z.boolean() });
export type Beaten = z.infer<typeof Beaten>;

export const Lines = z.strictObject({
	lease: z.number().int(),
	/** Number of the first line, from 0; what makes a repeated post harmless. */
	from: z.number().int().min(0),
	lines: z.array(z.string().max(8_192)).max(1_000),
});
export type Lines = z.infer<typeof Lines>;

export const Finish = z.strictObject({
	lease: z.number().int(),
	outcome: z.enum(["succeeded", "failed", "cancelled", "timed_out"]),
	/** One sentence for people when it did not succeed. */
	reason: z.string().max(1_000).nullable(),
});
export type Finish = z.infer<typeof Finish>;
