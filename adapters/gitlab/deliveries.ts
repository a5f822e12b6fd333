import { z } from "zod";
import type { DeliveriesPort, DeliveryRef, ExaminedProject, SentDelivery } from "../../src/ports/checkup.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { type Answer, type Call, readAnswer } from "./client.ts";
import { mayNot, pointsAt, readHooks } from "./hooks.ts";
import { projectPath } from "./project-path.ts";

/** Each comes with all that was sent. */
const LAST = 20;

const status = z.union([z.string(), z.number()]).nullish().catch(null);
const Event = z.object({
	id: z.number(),
	trigger: z.string(),
	response_status: status,
	created_at: z.string().nullish().catch(null),
	request_headers: z.record(z.string(), z.unknown()).nullish().catch(null),
});

/** What GitLab sent here by the webhooks of projects. Those of a group are seen in its settings alone. */
export function gitlabDeliveries(call: Call): DeliveriesPort {
	return {
		last: async (project, url) => {
			const hooks = (await readHooks(call, project)).filter((hook) => pointsAt(hook, url));
			if (hooks.length === 0)
				throw new VendorError("not_found", `${project.repository} has no webhook at GitLab that points at ${url}.`);
			const all: SentDelivery[] = [];
			for (const { id } of hooks) {
				const what = `the events of the webhook of ${project.repository}`;
				const answer = await call("GET", `${projectPath(project)}/hooks/${id}/events`, {
					...{ what, query: { per_page: LAST } },
					refused: (refused) => tooOld(refused, "17.3") ?? mayNot(refused, project),
				});
				all.push(...readAnswer(z.array(Event), answer, what).map((event) => sent(String(id), event)));
			}
			return all;
		},
		sendAgain: async (project: ExaminedProject, { hook, delivery }: DeliveryRef) => {
			const what = `the event ${delivery} of the webhook of ${project.repository}`;
			const answer = await call(
				"POST",
				`${projectPath(project)}/hooks/${encodeURIComponent(hook)}/events/${encodeURIComponent(delivery)}/resend`,
				{ what, refused: (refused) => notAgain(refused) ?? tooOld(refused, "17.4") ?? mayNot(refused, project) },
			);
			const { response_status: code } = readAnswer(z.object({ response_status: status }), answer, what);
			return code == null ? null : String(code);
		},
	};
}

function sent(hook: string, event: z.infer<typeof Event>): SentDelivery {
	const answer = String(event.response_status ?? "no answer");
	const key = Object.entries(event.request_headers ?? {}).find(
		([name]) => name.toLowerCase() === "idempotency-key",
	)?.[1];
	return {
		ref: { hook, delivery: String(event.id) },
		same: typeof key === "string" ? key : `${hook}.${event.id}`,
		event: event.trigger.replaceAll("_", " "),
		at: event.created_at == null ? null : new Date(event.created_at),
		answer,
		taken: /^2\d\d$/.test(answer),
	};
}

function tooOld({ status: code }: Answer, since: string): VendorError | undefined {
	if (code !== 404) return undefined;
	return new VendorError(
		"rejected",
		`GitLab knows no such thing (404): it tells of the events of webhooks from GitLab 17.3 on, and sends them again from 17.4 on; this took ${since}.`,
	);
}

function notAgain({ status: code, data }: Answer): VendorError | undefined {
	if (code !== 422) return undefined;
	return new VendorError(
		"rejected",
		`GitLab does not send it again (422: ${JSON.stringify(data ?? "").slice(0, 200)}): the webhook's address has changed since, or GitLab has switched the webhook off.`,
	);
}
