import { randomUUID } from "node:crypto";
import { type Action, may } from "../../core/access.ts";
import { isEnd, type Run } from "../../core/run.ts";
import type { Caller } from "../../use-cases/identify.ts";
import { Form } from "./layout.tsx";

/** What this person may do now. Looking is presentation: the right is checked again with each form. */
export function Actions({ run, caller }: { readonly run: Run; readonly caller: Caller }) {
	const { state } = run.progress;
	const scope = { project: run.project, environment: run.environment };
	const able = (action: Action) => may(action, caller.bindings, caller.principal, scope).ok;
	const own = run.requestedBy.id === caller.person.id;
	// A form that is sent twice is one request; the same form on a page that is opened again is another.
	const once = randomUUID();
	const form = (verb: string, label: string, style: string, asks: boolean) => (
		<Form action={`/runs/${run.number}/${verb}`} inline key={verb} id={`to-${verb}`}>
			<input type="hidden" name="once" value={once} />
			{asks ? (
				<label>
					<span class="sr">{`Reason to ${verb}`}</span>
					<input name="reason" placeholder="Reason" maxLength={1_000} class="reason" />
				</label>
			) : null}
			<button class={style} type="submit" aria-label={`${label} #${run.number}`}>
				{label}
			</button>
		</Form>
	);
	const forms = [
		...(state === "waiting_approval" && able("approve") && !own
			? [form("approve", "Approve", "primary", false), form("reject", "Reject", "danger", true)]
			: []),
		...(!isEnd(state) && state !== "cancelling" && (able("cancel_any") || (own && able("cancel_own")))
			? [form("cancel", "Cancel", "", false)]
			: []),
		...(isEnd(state) && able(run.type === "rollback" ? "rollback" : "deploy")
			? [form("retry", "Retry", "", false)]
			: []),
		...(state === "succeeded" && run.type !== "dry-run" && able("rollback")
			? [form("rollback", "Roll back to this", "", false)]
			: []),
	];
	return (
		<div class="buttons" id="actions" data-kept>
			{forms}
		</div>
	);
}
