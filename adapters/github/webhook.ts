import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { WebhookContent, WebhookHeaders, WebhookPort } from "../../src/ports/pipeline.ts";
import { isDispatched, reportOf, WorkflowRun, workflowFileOf } from "./workflow-run.ts";

const Delivery = z.object({
	action: z.string().nullish().catch(null),
	workflow_run: WorkflowRun,
	repository: z.object({ full_name: z.string().min(1) }),
});
type Delivery = z.infer<typeof Delivery>;

const id = z.number().int().positive().transform(String);
const repository = z.object({ full_name: z.string().min(1) });
/** Jobs, deployments and their reviews say that something happened to a run, seldom how it stands: it may wait for an approval. */
const Nudge = z
	.union([
		z.object({ workflow_job: z.object({ run_id: id }), repository }),
		z.object({ deployment_status: z.object({}), workflow_run: z.object({ id }), repository }),
		z.object({ since: z.string(), workflow_run: z.object({ id }), repository }),
	])
	.transform((body) => ({
		kind: "nudge" as const,
		run: "workflow_job" in body ? body.workflow_job.run_id : body.workflow_run.id,
		repository: body.repository.full_name,
	}));
type Nudge = z.infer<typeof Nudge>;
/** What tells them from a run. */
const NUDGES = ["workflow_job", "deployment_status", "since"];

function isMap(value: unknown): value is object {
	return typeof value === "object" && value !== null;
}

const EVENTS: readonly unknown[] = ["workflow_run", "workflow_job", "deployment_status", "deployment_review"];

/** The receiving half: `workflow_run` says how a run stands, and three others make us ask. */
export const githubWebhook: WebhookPort = { verify, deliveryKey, ignoredBecause, read };

/** Not Octokit's own check: it reads the body as text, and any hex in the header. */
function verify(secret: string, rawBody: Buffer, headers: WebhookHeaders): boolean {
	const given = headers["x-hub-signature-256"];
	const [, hex] = typeof given === "string" ? (/^sha256=([0-9a-f]{64})$/i.exec(given) ?? []) : [];
	if (secret === "" || hex === undefined) return false;
	return timingSafeEqual(createHmac("sha256", secret).update(rawBody).digest(), Buffer.from(hex, "hex"));
}

/**
 * From the body alone, because the signature covers nothing else: a forged X-GitHub-Delivery can neither make an old delivery new nor
 * keep a new one out. GitHub sends the same body when it delivers again.
 */
function deliveryKey(rawBody: Buffer, headers: WebhookHeaders): string {
	const delivery = deliveryOf(rawBody, headers);
	if (delivery === null) return bodyKey(rawBody);
	if ("kind" in delivery) return bodyKey(rawBody);
	const { action, workflow_run: run, repository } = delivery;
	const parts = [repository.full_name.toLowerCase(), run.id, run.run_attempt, action, run.status, run.conclusion];
	return `run:${createHash("sha256").update(JSON.stringify(parts)).digest("hex")}`;
}

function bodyKey(rawBody: Buffer): string {
	return `body:${createHash("sha256").update(rawBody).digest("hex")}`;
}

function ignoredBecause(headers: WebhookHeaders): string | null {
	const event = headers["x-github-event"];
	if (event === undefined || EVENTS.includes(event)) return null;
	if (event === "ping") return "GitHub only asks whether we are here.";
	return `The event ${typeof event === "string" ? event.slice(0, 50) : "?"} is not followed: workflow_run says what is needed.`;
}

function read(rawBody: Buffer, headers: WebhookHeaders): WebhookContent {
	const because = ignoredBecause(headers);
	if (because !== null) return { kind: "ignored", because };
	const delivery = deliveryOf(rawBody, headers);
	if (delivery === null)
		return { kind: "ignored", because: "It names no workflow run and no repository that can be read." };
	if ("kind" in delivery) return delivery;
	const { workflow_run: run, repository } = delivery;
	// The title of a pull request's run is the pull request's own: anybody may write a JOB_ID there.
	if (!isDispatched(run))
		return {
			kind: "ignored",
			because: `The run ${run.id} was not dispatched: its event is ${run.event?.slice(0, 50)}.`,
		};
	return {
		kind: "report",
		report: reportOf(run),
		repository: repository.full_name,
		pipeline: workflowFileOf(run),
	};
}

/** A body is asked for its key and for what it says: parsed once. */
const parsed = new WeakMap<Buffer, Delivery | Nudge | null>();

/** null: it is not what we follow. */
function deliveryOf(rawBody: Buffer, headers: WebhookHeaders): Delivery | Nudge | null {
	const known = parsed.get(rawBody);
	if (known !== undefined) return known;
	const delivery = parse(rawBody, headers);
	parsed.set(rawBody, delivery);
	return delivery;
}

/** A hook may be set to send its JSON inside of a form. */
function parse(rawBody: Buffer, headers: WebhookHeaders): Delivery | Nudge | null {
	const type = headers["content-type"];
	const isForm = typeof type === "string" && type.startsWith("application/x-www-form-urlencoded");
	const text = rawBody.toString("utf8");
	try {
		const value: unknown = JSON.parse(isForm ? (new URLSearchParams(text).get("payload") ?? "") : text);
		// Before a run: the body of a review carries one too, as it stood when the review was asked for. By a look, not by a parse that
		// fails: every delivery of a run would pay for it.
		const nudge = NUDGES.some((key) => isMap(value) && key in value) ? Nudge.safeParse(value).data : undefined;
		return nudge ?? Delivery.safeParse(value).data ?? null;
	} catch {
		return null;
	}
}
