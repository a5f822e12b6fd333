import { z } from "zod";
import type { ExaminedProject, WantedWebhook } from "../../src/ports/checkup.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { Answer, Call } from "./client.ts";
import { readPages } from "./pages.ts";
import { projectPath } from "./project-path.ts";
import { SIGNING_TOKEN } from "./signature.ts";

const flag = z.boolean().nullish().catch(null);
const Hook = z.object({
	id: z.number(),
	url: z.string().nullish(),
	pipeline_events: flag,
	job_events: flag,
	/** Absent: an older server, which does not tell. */
	token_present: flag,
	signing_token_present: flag,
	alert_status: z.string().nullish().catch(null),
});
export type Hook = z.infer<typeof Hook>;

/** The webhooks of a project. Those of its group are seen by the group's owners alone. */
export async function readHooks(call: Call, project: ExaminedProject): Promise<readonly Hook[]> {
	const { items } = await readPages(
		call,
		`${projectPath(project)}/hooks`,
		{ what: `the webhooks of ${project.repository}`, refused: (answer) => mayNot(answer, project) },
		{ schema: Hook, most: 3 },
	);
	return items;
}

/** What is wrong with a webhook, as far as GitLab tells; null: nothing. `secret` is that of the integration. */
export function problemOf(hook: Hook, secret: string | null): string | null {
	if (hook.pipeline_events !== true) return "it sends no Pipeline events";
	if (hook.job_events !== true) return "it sends no Job events, which tell what a pipeline waits for";
	if (secret?.startsWith(SIGNING_TOKEN))
		return hook.signing_token_present === false ? "it has no signing token, and the integration's secret is one" : null;
	return hook.token_present === false ? "it has no secret token" : null;
}

/** GitLab gives up a webhook whose deliveries fail. */
export function isDisabled({ alert_status }: Hook): boolean {
	return alert_status === "disabled" || alert_status === "temporarily_disabled";
}

export function pointsAt(hook: Hook, url: string): boolean {
	const plain = (address: string) => address.replace(/\/+$/, "");
	return hook.url != null && plain(hook.url) === plain(url);
}

/** See the port. */
export async function ensureHook(
	call: Call,
	project: ExaminedProject,
	{ url, secret }: WantedWebhook & { readonly secret: string },
): Promise<"present" | "created" | "mended"> {
	const known = (await readHooks(call, project)).find((hook) => pointsAt(hook, url));
	if (known !== undefined && isDisabled(known))
		throw new VendorError(
			"rejected",
			`GitLab has switched off the webhook of ${project.repository}, because its deliveries failed: send a test from its settings (Settings > Webhooks), which switches it on again.`,
		);
	if (known !== undefined && problemOf(known, secret) === null) return "present";
	const options = {
		what: `a webhook of ${project.repository}`,
		refused: (answer: Answer) => mayNot(answer, project),
		body: {
			url,
			...{ pipeline_events: true, job_events: true, deployment_events: true },
			// A new one sends pushes when nothing is said.
			...(known === undefined ? { push_events: false } : {}),
			enable_ssl_verification: true,
			...(secret.startsWith(SIGNING_TOKEN) ? { signing_token: secret } : { token: secret }),
		},
	};
	const path = `${projectPath(project)}/hooks`;
	if (known === undefined) await call("POST", path, options);
	else await call("PUT", `${path}/${known.id}`, options);
	return known === undefined ? "created" : "mended";
}

export function mayNot({ status, data }: Answer, { repository }: ExaminedProject): VendorError | undefined {
	if (status === 422)
		return new VendorError(
			"rejected",
			`GitLab refuses the webhook's address for ${repository} (${JSON.stringify(data ?? "").slice(0, 200)}): an administrator has to allow requests to it (Admin > Settings > Network > Outbound requests).`,
		);
	if (status !== 403) return undefined;
	return new VendorError(
		"unauthorized",
		`The token of this integration may not manage the webhooks of ${repository} at GitLab (403): that takes the scope api and the role Maintainer.`,
	);
}
