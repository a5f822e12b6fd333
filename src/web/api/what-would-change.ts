import { checkEntry } from "../../configuration/change-entry.ts";
import { readItems } from "../../configuration/current.ts";
import { refusal } from "../../core/refusal.ts";
import { type Difference, whatWouldChange } from "../../use-cases/what-would-change.ts";
import { refusalReply } from "../problem.ts";
import { adminOf } from "./admin-of.ts";
import { WouldChangeAnswer } from "./answers.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { PolicyDraft } from "./schemas.ts";

export const whatWouldChangeEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "POST",
		path: "/policies/:id/what-would-change",
		summary: "Which recent requests a policy would refuse or let through if it read so; nothing is written",
		body: PolicyDraft,
		answers: { 200: WouldChangeAnswer },
		handle: async ({ deps, token, id, body: { extends: base = null, rules } }) => {
			const admin = await adminOf(deps, token);
			if (!admin.ok) return refusalReply(admin.refusal);
			const policy = (await readItems(deps.db.manager, deps.box)).find(
				(one) => one.kind === "policy" && !one.archived && (one.id === id || one.name === id),
			);
			if (policy === undefined) return refusalReply(refusal("unknown_policy", "There is no policy of this name."));
			const entry = { rules, ...(base === null ? {} : { extends: base }) };
			const checked = await checkEntry(deps, { kind: "policy", action: "replace", name: policy.id, entry });
			if (!checked.ok) return refusalReply(checked.refusal);
			const { places, lookedAt, ...found } = await whatWouldChange(deps, { slug: policy.name, extends: base, rules });
			const told = Object.entries(found).map(([key, list]) => [key, list.map(differenceJson)]);
			return { status: 200, body: { places, lookedAt, ...Object.fromEntries(told) } };
		},
	}),
];

function differenceJson({ run, place, type, ref, by, at, why }: Difference) {
	const { name, kind, sha } = ref;
	return { run, place, type, ref: { name, kind, sha }, by, at: at.toISOString(), why };
}
