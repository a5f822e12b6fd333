import { createHash } from "node:crypto";
import { z } from "zod";
import type { WebhookContent, WebhookHeaders, WebhookPort } from "../../src/ports/pipeline.ts";
import { DeploymentBody, JobBody, PipelineBody, repositoryIn } from "./hook-body.ts";
import { jobIdInName, reportOf } from "./pipeline-answer.ts";
import { verifySignature } from "./signature.ts";

const Body = z.discriminatedUnion("object_kind", [PipelineBody, JobBody, DeploymentBody]);
type Body = z.infer<typeof Body>;

/** The receiving half. A Pipeline Hook says how a pipeline stands; a Job Hook that something changed in one. */
export const gitlabWebhook: WebhookPort = { verify: verifySignature, deliveryKey, ignoredBecause, read };

const FOLLOWED = ["Pipeline Hook", "Job Hook", "Deployment Hook", "System Hook"];

function ignoredBecause(headers: WebhookHeaders): string | null {
	const event = headers["x-gitlab-event"];
	if (event === undefined || (typeof event === "string" && FOLLOWED.includes(event))) return null;
	return `The event ${typeof event === "string" ? event.slice(0, 50) : "?"} is not followed: Pipeline and Job events say all that is needed.`;
}

/**
 * GitLab's own id of the delivery, which it keeps when it delivers again. A server that sends none is known by what the body says.
 * Never X-Gitlab-Event-UUID: all hooks that one event sets off share it.
 */
function deliveryKey(rawBody: Buffer, headers: WebhookHeaders): string {
	const id = headers["webhook-id"] ?? headers["idempotency-key"];
	if (typeof id === "string" && /^[\w.:-]{8,200}$/.test(id)) return `id:${id}`;
	const body = bodyOf(rawBody);
	const said = body === null ? null : partsOf(body);
	const hash = (text: string | Buffer) => createHash("sha256").update(text).digest("hex");
	return said === null ? `body:${hash(rawBody)}` : `event:${hash(JSON.stringify(said))}`;
}

function partsOf(body: Body): readonly unknown[] | null {
	switch (body.object_kind) {
		case "pipeline": {
			const { id, status } = body.object_attributes;
			// A retry makes new jobs in the same pipeline.
			return ["pipeline", repositoryIn(body), id, status, (body.builds ?? []).map((build) => [build.id, build.status])];
		}
		case "build":
			return ["build", repositoryIn(body), pipelineOf(body), body.build_id, body.build_status];
		case "deployment":
			return null;
		default:
			return body satisfies never;
	}
}

function read(rawBody: Buffer, headers: WebhookHeaders): WebhookContent {
	const because = ignoredBecause(headers);
	if (because !== null) return { kind: "ignored", because };
	const body = bodyOf(rawBody);
	if (body === null) return ignored("It is no event of a pipeline or job with an id that can be read.");
	switch (body.object_kind) {
		case "pipeline":
			return readPipeline(body);
		case "build":
			return readJob(body);
		case "deployment":
			return ignored("A deployment names its job and no pipeline: the Pipeline and Job events say all that is needed.");
		default:
			return body satisfies never;
	}
}

function readPipeline(body: PipelineBody): WebhookContent {
	const { id, name, source, status, variables, url, ref, created_at } = body.object_attributes;
	const repository = repositoryIn(body);
	if (repository === null) return ignored(`It does not say which project the pipeline ${id} is of.`);
	const builds = body.builds ?? [];
	// Whether it ran out of time is told by its jobs alone.
	if (status === "failed" && builds.length === 0) return { kind: "nudge", repository, run: id };
	const variable = variables?.find(({ key }) => key === "JOB_ID")?.value?.toLowerCase() ?? null;
	// Whoever may push can name a pipeline and set its variables: of what the API did not start only the id is believed.
	const isOurs = source === null || source === "api";
	const pipeline = { id, name, status, source, ref, sha: null, created_at, yaml_errors: null, web_url: url };
	return {
		kind: "report",
		report: reportOf(pipeline, builds, !isOurs ? null : isUuid(variable) ? variable : jobIdInName(name)),
		repository,
		pipeline: null,
	};
}

function readJob(body: JobBody): WebhookContent {
	const repository = repositoryIn(body);
	const run = pipelineOf(body);
	if (repository === null || run === null) return ignored("It does not say which pipeline the job is of.");
	if (body.build_status === "created") return ignored("A job that was only made changes nothing.");
	return { kind: "nudge", repository, run };
}

function pipelineOf({ pipeline_id, commit }: JobBody): string | null {
	return pipeline_id ?? commit?.id ?? null;
}

function isUuid(text: string | null): text is string {
	return text !== null && jobIdInName(text) === text;
}

function ignored(because: string): WebhookContent {
	return { kind: "ignored", because };
}

/** A body is asked for its key and for what it says: parsed once. */
const parsed = new WeakMap<Buffer, { readonly body: Body | null }>();

/** null: it is not what we follow. */
function bodyOf(rawBody: Buffer): Body | null {
	const known = parsed.get(rawBody);
	if (known !== undefined) return known.body;
	const body = parse(rawBody);
	parsed.set(rawBody, { body });
	return body;
}

function parse(rawBody: Buffer): Body | null {
	try {
		return Body.safeParse(JSON.parse(rawBody.toString("utf8"))).data ?? null;
	} catch {
		return null;
	}
}
