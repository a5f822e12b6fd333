import { checkEntry, type Wish } from "../../../configuration/change-entry.ts";
import type { StoredItem } from "../../../configuration/items.ts";
import { type Problem, showPath } from "../../../configuration/problem.ts";
import { formatDuration } from "../../../core/duration.ts";
import { BASELINES, type EffectivePolicy, effectivePolicy, type StoredPolicy } from "../../../core/policy.ts";
import type { Deps } from "../../../deps.ts";
import { type Difference, type WhatWouldChange, whatWouldChange } from "../../../use-cases/what-would-change.ts";
import { Time } from "../bits.tsx";
import { ofKind, readAlive } from "./carry-out.ts";
import { type Draft, DraftFields, ListField, SelectField, TextField } from "./fields.tsx";
import { EffectiveRules } from "./rules-facts.tsx";
import { inheritedValues, nameOf, RULES_YAML, readRules } from "./rules-form.ts";

/** A policy as it is being written. */
export interface Sketch {
	/** null: it is a new one. */
	readonly name: string | null;
	readonly slug: string;
	readonly extends: string | null;
	readonly yaml: string;
}

export interface Assay {
	readonly problems: readonly Problem[];
	/** What is in the way besides; null: nothing. */
	readonly trouble: string | null;
	/** null: its rules cannot be read. */
	readonly effective: EffectivePolicy | null;
	readonly change: WhatWouldChange | null;
}

export function wishFor(sketch: Sketch, rules: unknown): Wish {
	const entry = { ...(sketch.extends === null ? {} : { extends: sketch.extends }), rules };
	return sketch.name === null
		? { kind: "policy", action: "create", entry: { slug: sketch.slug, ...entry } }
		: { kind: "policy", action: "replace", name: sketch.name, entry };
}

/** What is wrong with it, what it comes to, and what would change by it. Nothing is written. */
export async function assay(deps: Deps, sketch: Sketch): Promise<Assay> {
	const read = readRules(sketch.yaml);
	if (!read.ok) return { problems: [read.problem], trouble: null, effective: null, change: null };
	const checked = await checkEntry(deps, wishFor(sketch, read.rules));
	// A name is still being thought of.
	const unnamed = sketch.slug === "";
	const problems = checked.ok ? [] : checked.problems.filter(({ path }) => !(unnamed && path[0] === "slug"));
	const trouble = checked.ok || checked.problems.length > 0 ? null : checked.refusal.message;
	const stored = { slug: sketch.name ?? sketch.slug, extends: sketch.extends, rules: read.rules };
	const reading = effectivePolicy(stored, lookupIn(await readAlive(deps)));
	const good = problems.length === 0 && trouble === null && reading.ok;
	return {
		problems,
		trouble: trouble ?? (problems.length === 0 && !reading.ok ? reading.message : null),
		effective: reading.ok ? reading.policy : null,
		change: good && sketch.name !== null ? await whatWouldChange(deps, stored) : null,
	};
}

export function lookupIn(alive: readonly StoredItem[]): (slug: string) => StoredPolicy | null {
	const policies = new Map(ofKind(alive, "policy").map((one) => [one.name, { slug: one.name, ...one.values }]));
	return (slug) => policies.get(slug) ?? null;
}

const CHECKED = "rules-checked";

/** What became of the check, in the place that follows what is typed. */
export function Checked({
	assay: { problems, trouble, effective, change },
	swap,
}: {
	readonly assay: Assay;
	readonly swap: boolean;
}) {
	const wrong = [...(trouble === null ? [] : [trouble]), ...problems.map(sentence)];
	return (
		<section
			id={CHECKED}
			class="checked"
			aria-label="What these rules come to"
			{...(swap ? { "hx-swap-oob": "true" } : {})}
		>
			<div role="status">
				{wrong.length === 0 ? (
					<p class="notice good">These rules can be read, and hold together.</p>
				) : (
					<div class="notice bad">
						<strong>They cannot be saved like this.</strong>
						<ul>
							{wrong.map((one) => (
								<li key={one}>{one}</li>
							))}
						</ul>
					</div>
				)}
			</div>
			{change === null ? null : <Changes change={change} />}
			{effective === null ? null : (
				<details class="card">
					<summary>What holds, with all that it builds on</summary>
					<EffectiveRules policy={effective} />
				</details>
			)}
		</section>
	);
}

export function sentence({ path, message }: Problem): string {
	return path.length === 1 && path[0] === RULES_YAML ? `The YAML ${message}.` : `${showPath(path)} ${message}.`;
}

function Changes({ change }: { readonly change: WhatWouldChange }) {
	const { places, lookedAt, refused, letThrough, approvals, untold } = change;
	if (places.length === 0) return <p class="soft">No environment is under this policy yet, so nothing would change.</p>;
	const told = refused.length + letThrough.length + approvals.length;
	return (
		<section class="card" aria-labelledby="would-change">
			<h2 id="would-change">What would change</h2>
			<p class="soft">
				{`The last ${lookedAt} requests to ${places.join(", ")}, judged by these rules. `}
				{told > 0
					? null
					: untold.length === 0
						? "They would all have gone as they went."
						: "As far as it can be told, they would have gone as they went."}
			</p>
			<Differences title="Now refused" tone="bad" list={refused} />
			<Differences title="Now let through" tone="good" list={letThrough} />
			<Differences title="Other approvals" tone="wait" list={approvals} />
			<Differences title="Cannot be told" tone="" list={untold} />
			<p class="soft">
				<small>
					Checks are as CI had them when it was asked; the queue is taken to have had room, and whoever forced to have
					had the role.
				</small>
			</p>
		</section>
	);
}

const SHOWN = 10;

function Differences({
	title,
	tone,
	list,
}: {
	readonly title: string;
	readonly tone: string;
	readonly list: readonly Difference[];
}) {
	if (list.length === 0) return null;
	const row = (one: Difference) => (
		<li key={`${one.run} ${one.place} ${one.at.getTime()}`}>
			{one.run === null ? "Refused then" : <a href={`/runs/${one.run}`}>{`#${one.run}`}</a>}
			{` ${one.type} of `}
			<code>{one.ref.kind === "sha" ? one.ref.sha.slice(0, 8) : one.ref.name}</code>
			{` to ${one.place} by ${one.by}, `}
			<Time at={one.at} />
			<br />
			<small>{one.why.join(" ")}</small>
		</li>
	);
	return (
		<>
			<h3>
				{title} <span class={`badge ${tone}`}>{list.length}</span>
			</h3>
			<ul class="plain differences">{list.slice(0, SHOWN).map(row)}</ul>
			{list.length > SHOWN ? (
				<details>
					<summary>{`${list.length - SHOWN} more`}</summary>
					<ul class="plain">{list.slice(SHOWN).map(row)}</ul>
				</details>
			) : null}
		</>
	);
}

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
