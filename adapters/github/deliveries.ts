import { z } from "zod";
import type { DeliveriesPort, DeliveryRef, ExaminedProject, SentDelivery } from "../../src/ports/checkup.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { readAppHook } from "./app-hook.ts";
import { type Call, type CallOptions, readAnswer } from "./client.ts";
import type { Refused } from "./errors.ts";
import { repositoryOf } from "./repository.ts";
import { mayNot, pointsAt, readHooks } from "./repository-hooks.ts";

/** GitHub keeps more; nobody sends older ones again. */
const LAST = 50;
const APP = "app";

const Delivery = z.object({
	id: z.number(),
	guid: z.string(),
	delivered_at: z.string().nullish().catch(null),
	status: z.string().nullish().catch(null),
	status_code: z.number().nullish().catch(null),
	event: z.string(),
	action: z.string().nullish().catch(null),
});

/** What GitHub sent here, by the webhook of the App or by those of repositories. */
export function githubDeliveries(call: Call, isApp: boolean): DeliveriesPort {
	return {
		last: async (project, url) => {
			if (isApp && (await readAppHook(call)).url === url)
				return read(call, "GET /app/hook/deliveries", {}, { what: "the deliveries of the App", asApp: true }, APP);
			const hooks = (await readHooks(call, project)).filter((hook) => pointsAt(hook, url));
			if (hooks.length === 0)
				throw new VendorError("not_found", `${project.repository} has no webhook at GitHub that points at ${url}.`);
			const all: SentDelivery[] = [];
			for (const { id } of hooks)
				if (id !== undefined)
					all.push(
						...(await read(
							call,
							"GET /repos/{owner}/{repo}/hooks/{hook}/deliveries",
							{ ...repositoryOf(project), hook: id },
							optionsFor(project, `the deliveries of the webhook of ${project.repository}`),
							String(id),
						)),
					);
			return all;
		},
		sendAgain: async (project: ExaminedProject, { hook, delivery }: DeliveryRef) => {
			const what = `the delivery ${delivery}`;
			// Answered before it is sent: what comes of it is seen when it comes.
			if (hook === APP)
				await call("POST /app/hook/deliveries/{delivery}/attempts", { delivery }, { what, asApp: true });
			else
				await call(
					"POST /repos/{owner}/{repo}/hooks/{hook}/deliveries/{delivery}/attempts",
					{ ...repositoryOf(project), hook, delivery },
					optionsFor(project, what),
				);
			return null;
		},
	};
}

function optionsFor(project: ExaminedProject, what: string): CallOptions {
	return { what, refused: (refused: Refused) => mayNot(refused, project) };
}

async function read(
	call: Call,
	route: string,
	parameters: Readonly<Record<string, unknown>>,
	options: CallOptions,
	hook: string,
): Promise<SentDelivery[]> {
	const answer = await call(route, { ...parameters, per_page: LAST }, options);
	return readAnswer(z.array(Delivery), answer, options.what).map((one) => {
		const code = one.status_code ?? 0;
		return {
			ref: { hook, delivery: String(one.id) },
			same: one.guid,
			event: one.action == null ? one.event : `${one.event} ${one.action}`,
			at: one.delivered_at == null ? null : new Date(one.delivered_at),
			answer: code > 0 ? String(code) : (one.status ?? "no answer"),
			taken: code >= 200 && code < 300,
		};
	});
}
