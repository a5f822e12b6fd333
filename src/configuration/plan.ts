import { canonicalJson } from "../core/canonical-json.ts";
import { BASELINES } from "../core/policy.ts";
import type { ManagedBy } from "../store/entities.ts";
import { diff, type FieldChange } from "./diff.ts";
import { type Item, KINDS, type Kind, projectOf, type StoredItem } from "./items.ts";
import { nameCollisions } from "./name-collisions.ts";
import { movesToWaitFor } from "./plan-moves.ts";
import { planRemovals } from "./plan-removals.ts";

/** What an apply does, for people and for the trail. No secret is in it. */
export interface Plan {
	readonly changes: readonly Change[];
	/** What the document does not name and which stays, because nothing is removed without `--prune`. */
	readonly kept: readonly { readonly kind: Kind; readonly name: string }[];
	readonly unchanged: number;
}

export interface Change {
	readonly action: "create" | "update" | "remove";
	readonly kind: Kind;
	readonly name: string;
	readonly fields: readonly FieldChange[];
	/** What else is to be known of it, one sentence. */
	readonly note: string | null;
}

/** A change with what carries it out. */
export type Step = Change &
	(
		| { readonly action: "create"; readonly item: Item; readonly stored: null }
		| { readonly action: "update"; readonly item: Item; readonly stored: StoredItem }
		| { readonly action: "remove"; readonly item: null; readonly stored: StoredItem }
	);

export interface CurrentState {
	readonly items: readonly StoredItem[];
	/** Environment id -> numbers of its runs that are not at their end. */
	readonly openRuns: ReadonlyMap<string, readonly number[]>;
	/** Environment id -> numbers of its runs that a provider has, or is about to be given. */
	readonly activeRuns: ReadonlyMap<string, readonly number[]>;
	/** Integrations that runners' tokens or their past work refer to. */
	readonly referredIntegrations: ReadonlySet<string>;
}

export interface PlanOptions {
	readonly prune: boolean;
	/** In whose name the document speaks: it removes only its own, and takes over only from those below it. */
	readonly managedBy: ManagedBy;
	/** With `prune`: of what is not named, these rows alone go; absent: all of it. */
	readonly only?: ReadonlySet<string>;
}

export interface Planned {
	readonly steps: readonly Step[];
	readonly plan: Plan;
	/** Sentences: why none of it can be done. */
	readonly refusals: readonly string[];
	/** Sentences too: the same, for as long as runs are at work. */
	readonly waitsFor: readonly string[];
}

export const RANK: Record<ManagedBy, number> = { sample: 0, api: 1, file: 2 };
export const OWNER: Record<ManagedBy, string> = {
	sample: "the sample",
	api: "the web page or the API",
	file: "draven.yaml",
};

/** From what is there to what the document says: the changes, in the order in which they can be made. Pure. */
export function planConfiguration(current: CurrentState, wanted: readonly Item[], options: PlanOptions): Planned {
	const matches = match(current.items, wanted, options.managedBy);
	const refusals: string[] = [];
	const steps: Step[] = [];
	let unchanged = 0;
	for (const { item, stored } of matches) {
		const owner = ownerOf(item, stored, current.items);
		if (owner !== null && RANK[owner] > RANK[options.managedBy]) {
			// The sample makes room for what is there; a person who edits is told.
			if (options.managedBy !== "sample")
				refusals.push(`The ${item.kind} ${item.name} is managed by ${OWNER[owner]}: change it there.`);
			continue;
		}
		const step = stepFor(item, stored, owner, options.managedBy);
		if (step === null) unchanged += 1;
		else steps.push(withFollowers(step, current.items));
	}
	const removals = planRemovals(current, matches, options);
	const gone = new Set(removals.steps.map((step) => step.stored?.id ?? ""));
	const changes = [...steps.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind)), ...removals.steps];
	return {
		steps: changes,
		plan: {
			changes: changes.map(({ action, kind, name, fields, note }) => ({ action, kind, name, fields, note })),
			kept: removals.kept,
			unchanged,
		},
		refusals: [...refusals, ...removals.refusals, ...nameCollisions(current.items, matches, gone)],
		waitsFor: movesToWaitFor(changes, current),
	};
}

/** What a policy of a baseline's name rules from now on, though nobody wrote its own name there. */
export function followersOf(items: readonly StoredItem[], policy: string): readonly StoredItem[] {
	if (!Object.hasOwn(BASELINES, policy)) return [];
	return items.filter(
		(one) =>
			!one.archived &&
			one.name !== policy &&
			((one.kind === "environment" && one.values.policy === policy) ||
				(one.kind === "policy" && one.values.extends === policy)),
	);
}

function withFollowers(step: Step, items: readonly StoredItem[]): Step {
	const followers = step.kind === "policy" && step.action === "create" ? followersOf(items, step.name) : [];
	if (followers.length === 0) return step;
	const named = followers.map(({ kind, name }) => `the ${kind} ${name}`).join(", ");
	const note = `it takes the place of the baseline ${step.name} for ${named}`;
	return { ...step, note: step.note === null ? note : `${step.note}; ${note}` };
}

export interface Match {
	readonly item: Item;
	readonly stored: StoredItem | null;
}

/** Each wanted item with the row that it is about. Bindings have no name: the same one first, then one of the same role in turn. */
function match(stored: readonly StoredItem[], wanted: readonly Item[], managedBy: ManagedBy): Match[] {
	const named = new Map(stored.filter((one) => one.kind !== "access").map((one) => [`${one.kind} ${one.name}`, one]));
	const bindings = stored.filter((one) => one.kind === "access" && one.managedBy === managedBy);
	const take = (fits: (one: StoredItem) => boolean) => {
		const index = bindings.findIndex(fits);
		return index === -1 ? null : (bindings.splice(index, 1)[0] ?? null);
	};
	const same = new Map(
		wanted
			.filter((item) => item.kind === "access")
			.map((item) => [item, take((one) => canonicalJson(one.values) === canonicalJson(item.values))]),
	);
	return wanted.map((item) => {
		if (item.kind !== "access") return { item, stored: named.get(`${item.kind} ${item.name}`) ?? null };
		const role = item.values.role;
		return { item, stored: same.get(item) ?? take((one) => one.kind === "access" && one.values.role === role) };
	});
}

/** Who manages the row, or for a new environment its project; null: nobody yet. */
function ownerOf(item: Item, stored: StoredItem | null, items: readonly StoredItem[]): ManagedBy | null {
	if (stored !== null) return stored.managedBy;
	if (item.kind !== "environment") return null;
	return items.find((one) => one.kind === "project" && one.name === projectOf(item))?.managedBy ?? null;
}

export function stepFor(
	item: Item,
	stored: StoredItem | null,
	owner: ManagedBy | null,
	managedBy: ManagedBy,
): Step | null {
	const change = { kind: item.kind, name: item.name, fields: diff(stored, item) };
	if (stored === null) return { ...change, action: "create", note: null, item, stored };
	// An environment has no mark of its own: it follows its project.
	const takenOver = owner !== null && owner !== managedBy && item.kind !== "environment";
	if (change.fields.length === 0 && !takenOver && !stored.archived) return null;
	const notes = [
		...(takenOver && owner !== null
			? [`until now managed by ${OWNER[owner]}, from now on by ${OWNER[managedBy]}`]
			: []),
		...(stored.archived ? ["it was archived and comes back"] : []),
	];
	return { ...change, action: "update", note: notes.length === 0 ? null : notes.join("; "), item, stored };
}
