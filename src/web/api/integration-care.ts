import { makeWebhookSecret } from "../../configuration/make-webhook-secret.ts";
import { refusal } from "../../core/refusal.ts";
import { type IntegrationRow, IntegrationTable } from "../../store/entities.ts";
import { type DeliveryOutcome, lastDeliveries, lastVerified } from "../../store/webhook-deliveries.ts";
import { actorOf, type Caller } from "../../use-cases/identify.ts";
import { problem, type Reply, refusalReply } from "../problem.ts";
import { adminOf } from "./admin-of.ts";
import { CheckupAnswer, LastDeliveryAnswer, WebhookSecretAnswer } from "./answers.ts";
import { type Call, type Endpoint, endpoint } from "./endpoint.ts";
import { isUuid } from "./find-run.ts";
import { CheckAsked } from "./schemas.ts";

/** What an integration needs besides its entry. */
export const integrationCareEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "POST",
		path: "/integrations/:id/check",
		summary:
			"Ask the provider how an integration stands: credentials, repositories, pipelines, webhook; `fix` sets webhooks up",
		body: CheckAsked,
		answers: { 200: CheckupAnswer },
		handle: (call) =>
			ofIntegration(call, async (row) => {
				if (call.examineIntegration === null)
					return problem(503, "cannot_check", "This server cannot ask providers: `draven integration check` does.");
				const findings = await call.examineIntegration(row, { fix: call.body });
				const told = findings.map(({ check, state, found, mend }) => ({ check, state, found, mend }));
				return { status: 200, body: { findings: told } };
			}),
	}),
	endpoint({
		method: "GET",
		path: "/integrations/:id/last-delivery",
		summary: "When an integration was last heard by webhook, by what became of it",
		answers: { 200: LastDeliveryAnswer },
		handle: (call) =>
			ofIntegration(call, async ({ id }) => {
				const last = (await lastDeliveries(call.deps.db)).get(id) ?? {};
				const at = (outcome: DeliveryOutcome) => last[outcome]?.toISOString() ?? null;
				return {
					status: 200,
					body: {
						...{ lastVerified: lastVerified(last)?.toISOString() ?? null, taken: at("taken") },
						...{ seenBefore: at("seen_before"), ignored: at("ignored"), badSignature: at("bad_signature") },
					},
				};
			}),
	}),
	endpoint({
		method: "POST",
		path: "/integrations/:id/webhook-secret",
		summary:
			"Make another secret for the webhook of an integration; it is shown once, and what is signed with the old one is refused",
		answers: { 201: WebhookSecretAnswer },
		handle: (call) =>
			ofIntegration(call, async ({ slug, provider }, admin) => {
				const made = await makeWebhookSecret(call.deps, slug, actorOf(admin));
				if (!made.ok) return refusalReply(made.refusal);
				const url = `${call.deps.publicUrl}/webhooks/${provider}/${slug}`;
				return { status: 201, body: { url }, secret: { webhookSecret: made.value } };
			}),
	}),
];

async function ofIntegration(
	{ deps, token, id }: Call<unknown, unknown>,
	carryOut: (row: IntegrationRow, admin: Caller) => Promise<Reply>,
): Promise<Reply> {
	const admin = await adminOf(deps, token);
	if (!admin.ok) return refusalReply(admin.refusal);
	const row = await deps.db.getRepository(IntegrationTable).findOneBy(isUuid(id) ? { id } : { slug: id });
	return row === null
		? refusalReply(refusal("unknown_integration", "There is no integration of this name."))
		: carryOut(row, admin.value);
}
