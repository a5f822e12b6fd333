import { checkEntry, type Wish } from "../../../configuration/change-entry.ts";
import type { StoredItem } from "../../../configuration/items.ts";
import { type Problem, showPath } from "../../../configuration/problem.ts";
import { type EffectivePolicy, effectivePolicy, type StoredPolicy } from "../../../core/policy.ts";
import type { Deps } from "../../../deps.ts";
import { type Difference, type WhatWouldChange, whatWouldChange } from "../../../use-cases/what-would-change.ts";
import { Time } from "../bits.tsx";
import { ofKind, readAlive } from "./carry-out.ts";
import { EffectiveRules } from "./rules-facts.tsx";
import { RULES_YAML, readRules } from "./rules-form.ts";

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
