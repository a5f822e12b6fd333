import { z } from "zod";
import type { ExaminedProject, WantedWebhook } from "../../src/ports/checkup.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import type { Answer, Call } from "./client.ts";
import { readPages } from "./pages.ts";
import { repositoryPath } from "./repository.ts";
import { FOLLOWED } from "./webhook.ts";

const Hook = z.object({
	uuid: z.string(),
	url: z.string().nullish(),
	active: z.boolean().nullish(),
	events: z.array(z.string()),
	/** Whether it is signed; absent: it does not tell. */
	secret_set: z.boolean().nullish(),
});
export type Hook = z.infer<typeof Hook>;

/** The webhooks of a project's repository. Those of its workspace are seen by admins alone. */
export async function readHooks(call: Call, project: ExaminedProject): Promise<readonly Hook[]> {
	const found = await readPages(
		call,
		`${repositoryPath(project)}/hooks`,
		{ what: `the webhooks of ${project.repository}`, refused: (answer) => mayNot(answer, project) },
		{ item: Hook, most: 3 },
	);
	return found?.items ?? [];
}

/** What is wrong with a webhook, as far as Bitbucket tells; null: nothing. */
export function problemOf(hook: Hook): string | null {
	if (hook.active === false) return "it is off";
	if (FOLLOWED.some((event) => !hook.events.includes(event)))
		return "it does not send both Build status created and Build status updated";
	return hook.secret_set === false ? "it is not signed: it has no secret" : null;
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
	if (known !== undefined && problemOf(known) === null) return "present";
	const events = [...new Set([...(known?.events ?? []), ...FOLLOWED])];
	const options = {
		what: `a webhook of ${project.repository}`,
		body: { description: "DRAVEN", url, active: true, events, secret },
		refused: (answer: Answer) => mayNot(answer, project),
	};
	const path = `${repositoryPath(project)}/hooks`;
	if (known === undefined) await call("POST", path, options);
	else await call("PUT", `${path}/${encodeURIComponent(known.uuid)}`, options);
	return known === undefined ? "created" : "mended";
}

/** Bitbucket hides the webhooks of a repository from those who may not see them. */
function mayNot({ status }: Answer, { repository }: ExaminedProject): VendorError | undefined {
	if (status !== 403 && status !== 404) return undefined;
	return new VendorError(
		"unauthorized",
		`The token of this integration may not manage the webhooks of ${repository} at Bitbucket (${status}): that takes the scope webhook of an access token, or read:webhook:bitbucket and write:webhook:bitbucket of an API token, and an owner who is an admin of the repository.`,
	);
}
