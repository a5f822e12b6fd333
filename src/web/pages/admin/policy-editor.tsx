import type { StoredItem } from "../../../configuration/items.ts";
import { formatDuration } from "../../../core/duration.ts";
import { BASELINES, effectivePolicy } from "../../../core/policy.ts";
import { ofKind } from "./carry-out.ts";
import { type Draft, DraftFields, ListField, SelectField, TextField } from "./fields.tsx";
import { type Assay, Checked, lookupIn } from "./policy-assay.tsx";
import { inheritedValues, nameOf, RULES_YAML } from "./rules-form.ts";

/** The hidden copy of the YAML that the form's fields were filled from: what differs from it was changed in the form. */
function Base({ yaml, swap }: { readonly yaml: string; readonly swap: boolean }) {
	return <input type="hidden" id="rules-base" name="base" value={yaml} {...(swap ? { "hx-swap-oob": "true" } : {})} />;
}

const follows = (check: string, side: "form" | "yaml", target: string) => ({
	"hx-post": check,
	"hx-trigger": "input delay:400ms",
	"hx-include": "closest form",
	"hx-vals": JSON.stringify({ side }),
	"hx-target": target,
	"hx-swap": "outerHTML",
	"hx-sync": "this:replace",
});

/** The form and the YAML beside each other: each follows the other as one types, and both go with one save. */
export function Editor({
	check,
	draft,
	alive,
	name,
	assay: found,
}: {
	readonly check: string;
	readonly draft: Draft;
	readonly alive: readonly StoredItem[];
	readonly name: string | null;
	readonly assay: Assay;
}) {
	return (
		<>
			<Base yaml={draft.values[RULES_YAML] ?? ""} swap={false} />
			<div class="editor">
				<RulesForm check={check} draft={draft} alive={alive} name={name} />
				<div>
					<RulesYaml check={check} draft={draft} swap={false} />
					<Checked assay={found} swap={false} />
				</div>
			</div>
		</>
	);
}

/** The answer to what was typed on one side: the other side anew, and what it comes to. */
export function Followed({
	side,
	moved,
	...all
}: Parameters<typeof Editor>[0] & {
	readonly side: "form" | "yaml";
	/** What was typed in the form just before goes into the YAML too. */
	readonly moved: boolean;
}) {
	const { check, draft } = all;
	return (
		<>
			{side === "form" ? <RulesYaml check={check} draft={draft} swap={false} /> : <RulesForm {...all} />}
			{side === "yaml" && moved ? <RulesYaml check={check} draft={draft} swap /> : null}
			<Base yaml={draft.values[RULES_YAML] ?? ""} swap />
			<Checked assay={all.assay} swap />
		</>
	);
}

function RulesYaml({ check, draft, swap }: { readonly check: string; readonly draft: Draft; readonly swap: boolean }) {
	return (
		<div id="rules-yaml" class="card" data-typed {...(swap ? { "hx-swap-oob": "true" } : {})}>
			<h2>As YAML</h2>
			<div class="yaml" {...follows(check, "yaml", "#rules-form")}>
				<DraftFields draft={draft}>
					<ListField
						name={RULES_YAML}
						label="Rules"
						rows={16}
						hint={
							<>
								What stands under <code>rules:</code> in a draven.yaml. Freezes and parameters are written here alone.
							</>
						}
					/>
				</DraftFields>
			</div>
		</div>
	);
}

const SWITCH = [
	{ value: "true", label: "yes" },
	{ value: "false", label: "no" },
];

function RulesForm({
	check,
	draft,
	alive,
	name,
}: Pick<Parameters<typeof Editor>[0], "check" | "draft" | "alive" | "name">) {
	const base = draft.values["extends"] ?? "";
	const bases = [
		...new Set([
			...Object.keys(BASELINES),
			...ofKind(alive, "policy")
				.map((one) => one.name)
				.filter((one) => one !== name),
		]),
	];
	const inherited = effectivePolicy(
		// A policy that extends a baseline of its own name means the baseline.
		{ slug: base === name ? base : "", extends: base === "" ? null : base, rules: {} },
		lookupIn(alive),
	);
	const known = inherited.ok ? inheritedValues(inherited.policy, (ms) => formatDuration(ms).replaceAll(" ", "")) : {};
	const hint = (path: string) => (known[nameOf(path)] ?? "").replaceAll("\n", ", ");
	const text = (path: string, label: string, more: Partial<Parameters<typeof TextField>[0]> = {}) => (
		<TextField name={nameOf(path)} label={label} placeholder={hint(path)} {...more} />
	);
	const words = (path: string, label: string, more: Partial<Parameters<typeof ListField>[0]> = {}) => (
		<ListField name={nameOf(path)} label={label} placeholder={hint(path)} {...more} />
	);
	const choice = (path: string, label: string, options: readonly { value: string; label: string }[] = SWITCH) => {
		const given = options.find((one) => one.value === hint(path))?.label ?? hint(path);
		const otherwise = { value: "", label: given === "" ? "as inherited" : `as inherited (${given})` };
		return <SelectField name={nameOf(path)} label={label} options={[otherwise, ...options]} />;
	};
	return (
		<div id="rules-form" class="card" data-typed {...follows(check, "form", "#rules-yaml")}>
			<h2>As a form</h2>
			<DraftFields draft={draft}>
				<div class="fields">
					<SelectField
						name="extends"
						label="Builds on"
						hint="What is left empty below is as it stands there."
						options={[{ value: "", label: "nothing" }, ...bases.map((one) => ({ value: one, label: one }))]}
					/>
				</div>
				<fieldset>
					<legend>What may go</legend>
					<div class="fields">
						{words("refs.branches", "Branches", { hint: "Globs, such as release/**. One a line." })}
						{words("refs.tags", "Tags", { hint: "Globs, such as v*.*.*" })}
						{choice("refs.shas", "Single commits")}
						{text("promotion.from", "Has to have succeeded in", { hint: "An environment of the same project." })}
						{text("promotion.soak", "And stayed there for", { hint: "Such as 30m, 4h, 2d." })}
					</div>
				</fieldset>
				<fieldset>
					<legend>Checks</legend>
					<div class="fields">
						{choice("ci.mode", "CI", [
							{ value: "required", label: "has to be green" },
							{ value: "off", label: "is not looked at" },
						])}
						{words("ci.checks", "These checks", { hint: "One a line; empty: all that are there." })}
					</div>
				</fieldset>
				<fieldset>
					<legend>Approvals</legend>
					<div class="fields">
						{text("approvals.required", "How many")}
						{text("approvals.expiresAfter", "Asked for, they are over after")}
						{choice("approvals.self", "Whoever asked may approve")}
						{choice("approvals.commitAuthors", "Authors of its commits may approve")}
						{choice("approvals.holdsQueue", "Keeps its place in the queue meanwhile")}
					</div>
				</fieldset>
				<fieldset>
					<legend>When</legend>
					<div class="fields">
						{words("windows.allow", "Windows", {
							hint: "Such as mon-thu 09:00-17:30. One a line; empty: at any time.",
						})}
						{text("windows.timezone", "Time zone of the windows", { hint: "Such as Europe/Rome." })}
					</div>
				</fieldset>
				<fieldset>
					<legend>Ways around and back</legend>
					<div class="fields">
						{choice("rollback.enabled", "Rollbacks")}
						{text("rollback.approvals", "Approvals of a rollback")}
						{choice("force.enabled", "Force")}
						{choice("force.role", "Who may force", [
							{ value: "operator", label: "operators" },
							{ value: "approver", label: "approvers" },
							{ value: "admin", label: "admins" },
							{ value: "emergency", label: "the emergency role" },
						])}
						{choice("dryRun.enabled", "Dry-runs")}
					</div>
				</fieldset>
				<fieldset>
					<legend>Queue and time</legend>
					<div class="fields">
						{text("queue.limit", "Runs that may wait")}
						{text("timeouts.queue", "A run waits for at most")}
						{text("timeouts.run", "A pipeline runs for at most")}
					</div>
				</fieldset>
			</DraftFields>
		</div>
	);
}
