import { done, type Outcome, refusal, refused } from "../../core/refusal.ts";
import type { Deps } from "../../deps.ts";
import { type IntegrationRow, IntegrationTable } from "../../store/entities.ts";
import { askNow, type Delivered, lastSent, sendAgain } from "../../use-cases/deliveries.ts";
import { identifyToken } from "../../use-cases/identify.ts";
import { refusalReply } from "../problem.ts";
import { AskedAnswer, listOf, SentAgainAnswer, SentWebhookAnswer } from "./answers.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { SendAgain } from "./schemas.ts";

export const deliveryEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "GET",
		path: "/integrations/:id/deliveries",
		summary: "What the provider of an integration sent here lately, as it tells",
		answers: { 200: listOf(SentWebhookAnswer) },
		handle: async ({ deps, token, id }) => {
			const integration = await integrationNamed(deps, id);
			if (!integration.ok) return refusalReply(integration.refusal);
			const sent = await lastSent(deps, await identifyToken(deps, token), integration.value);
			if (!sent.ok) return refusalReply(sent.refusal);
			const { items, failed } = sent.value;
			if (items.length === 0 && failed !== null) return refusalReply(failed);
			return { status: 200, body: { items: items.map(deliveryJson), next: null } };
		},
	}),
	endpoint({
		method: "POST",
		path: "/integrations/:id/redeliver",
		summary: "Let the provider send a delivery again: the named one, else the last that was not taken",
		body: SendAgain,
		answers: { 200: SentAgainAnswer },
		handle: async ({ deps, token, id, body }) => {
			const integration = await integrationNamed(deps, id);
			if (!integration.ok) return refusalReply(integration.refusal);
			const caller = await identifyToken(deps, token);
			const again = await sendAgain(deps, caller, integration.value, body?.delivery ?? null);
			if (!again.ok) return refusalReply(again.refusal);
			const { delivery, answer } = again.value;
			return { status: 200, body: { delivery: deliveryJson(delivery), answer } };
		},
	}),
	endpoint({
		method: "POST",
		path: "/integrations/:id/ask",
		summary: "Ask the provider at once how the runs stand that are at work there",
		answers: { 200: AskedAnswer },
		handle: async ({ deps, token, id }) => {
			const integration = await integrationNamed(deps, id);
			if (!integration.ok) return refusalReply(integration.refusal);
			const asked = await askNow(deps, await identifyToken(deps, token), integration.value);
			return asked.ok ? { status: 200, body: { runs: asked.value } } : refusalReply(asked.refusal);
		},
	}),
];

async function integrationNamed({ db }: Deps, name: string): Promise<Outcome<IntegrationRow>> {
	const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name);
	const row = await db.getRepository(IntegrationTable).findOneBy(isId ? { id: name } : { slug: name });
	return row === null ? refused(refusal("unknown_integration", "There is no integration of this name.")) : done(row);
}

function deliveryJson({ id, project, event, at, answer, taken }: Delivered) {
	return { id, project: project.slug, event, at: at?.toISOString() ?? null, answer, taken };
}
