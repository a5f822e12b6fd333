import { z } from "zod";
import type { ExaminedProject, WantedWebhook } from "../../src/ports/checkup.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { type Call, readAnswer } from "./client.ts";
import { messageOf, type Refused } from "./errors.ts";
import { repositoryOf } from "./repository.ts";

const text = z.string().nullish();
const Hook = z.object({
	id: z.number().optional(),
	active: z.boolean(),
	events: z.array(z.string()),
	config: z.object({ url: text, secret: text, insecure_ssl: z.union([z.string(), z.number()]).nullish() }),
	last_response: z.object({ code: z.number().nullish() }).nullish().catch(null),
});
export type Hook = z.infer<typeof Hook>;

/** What a webhook of ours sends: runs, and what makes a run worth a look before GitHub says so of the run itself. */
const EVENTS = ["workflow_run", "workflow_job", "deployment_status", "deployment_review"];

/** The webhooks of a project's repository. */
export async function readHooks(call: Call, project: ExaminedProject): Promise<readonly Hook[]> {
	const what = `the webhooks of ${project.repository}`;
	const answer = await call(
		"GET /repos/{owner}/{repo}/hooks",
		{ ...repositoryOf(project), per_page: 100 },
		{ what, refused: (refused) => mayNot(refused, project) },
	);
	return readAnswer(z.array(Hook), answer, what);
}

/** What is wrong with a webhook, as far as GitHub tells; null: nothing. */
export function problemOf(hook: Hook): string | null {
	if (!hook.active) return "it is off";
	if (!hook.events.includes("*") && !hook.events.includes("workflow_run")) return "it sends no Workflow runs";
	if (!hook.config.secret) return "it is not signed: it has no secret";
	if (hook.config.insecure_ssl != null && `${hook.config.insecure_ssl}` !== "0")
		return "it does not check the certificate of the address that it sends to";
	return hook.last_response?.code === 401
		? "its last delivery was refused: its secret is another one than the integration's"
		: null;
}

export function pointsAt(hook: Hook, url: string): boolean {
	const plain = (address: string) => address.replace(/\/+$/, "");
	return hook.config.url != null && plain(hook.config.url) === plain(url);
}

/** See the port. */
export async function ensureRepositoryHook(
	call: Call,
	project: ExaminedProject,
	{ url, secret }: WantedWebhook & { readonly secret: string },
): Promise<"present" | "created" | "mended"> {
	const known = (await readHooks(call, project)).find((hook) => pointsAt(hook, url));
	if (known !== undefined && problemOf(known) === null) return "present";
	const config = { url, content_type: "json", insecure_ssl: "0", secret };
	const repository = repositoryOf(project);
	const options = {
		what: `a webhook of ${project.repository}`,
		refused: (refused: Refused) => mayNot(refused, project),
	};
	if (known?.id !== undefined) {
		const events = [...new Set([...known.events, ...(known.events.includes("*") ? [] : EVENTS)])];
		const parameters = { ...repository, id: known.id, data: { active: true, events, config } };
		await call("PATCH /repos/{owner}/{repo}/hooks/{id}", parameters, options);
		return "mended";
	}
	const data = { name: "web", active: true, events: EVENTS, config };
	const answer = await call(
		"POST /repos/{owner}/{repo}/hooks",
		{ ...repository, data },
		{
			...options,
			// Somebody was quicker.
			refused: (refused) =>
				refused.status === 422 && /already exists/i.test(messageOf(refused))
					? { ...refused, data: null }
					: mayNot(refused, project),
		},
	);
	return answer.status === 422 ? "present" : "created";
}

/** GitHub hides the webhooks of a repository from those who may not see them. */
export function mayNot({ status, headers }: Refused, { repository }: ExaminedProject): VendorError | undefined {
	const isLimit = headers["retry-after"] !== undefined || headers["x-ratelimit-remaining"] === "0";
	if ((status !== 403 && status !== 404) || isLimit) return undefined;
	return new VendorError(
		"unauthorized",
		`The credentials of this integration may not manage the webhooks of ${repository} at GitHub (${status}): that takes the scope admin:repo_hook of a classic token, or the permission Webhooks (read and write) of a fine-grained one or of the App, and an owner who is an admin of the repository.`,
	);
}
