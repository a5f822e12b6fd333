import { BASELINES } from "../core/policy.ts";
import { diff } from "./diff.ts";
import { type Item, KINDS, projectOf, type StoredItem } from "./items.ts";
import type { CurrentState, Match, Plan, PlanOptions, Step } from "./plan.ts";

/** What the document does not name any more, and whether it can go. */
export function planRemovals(
	current: CurrentState,
	matches: readonly Match[],
	options: PlanOptions,
): { steps: Step[]; kept: Plan["kept"]; refusals: string[] } {
	const isReferred = referredAfter(current, matches);
	const own = unnamed(current.items, matches, options)
		.filter((one) => !isLeftover(one, current, isReferred))
		.sort((a, b) => KINDS.indexOf(b.kind) - KINDS.indexOf(a.kind));
	if (!options.prune) return { steps: [], kept: own.map(({ kind, name }) => ({ kind, name })), refusals: [] };
	const after = stateAfter(current.items, matches, own);
	const refusals: string[] = [];
	const steps = own.flatMap((stored): Step[] => {
		const why = obstacle(stored, after, current);
		if (why !== null) refusals.push(`The ${stored.kind} ${stored.name} cannot be removed: ${why}`);
		const note = noteFor(stored, isReferred);
		const fields = diff(stored, { values: {}, secrets: {} } as Item);
		return [{ action: "remove", kind: stored.kind, name: stored.name, fields, note, item: null, stored }];
	});
	return { steps, kept: [], refusals };
}

/** Rows that are the document's own to remove; an environment also when the document takes its project over. */
function unnamed(
	items: readonly StoredItem[],
	matches: readonly Match[],
	{ managedBy, only }: PlanOptions,
): StoredItem[] {
	const named = new Set(matches.map(({ stored }) => stored?.id));
	const projects = new Set(matches.filter(({ item }) => item.kind === "project").map(({ item }) => item.name));
	const isOwn = (one: StoredItem) =>
		only?.has(one.id) ??
		(one.managedBy === managedBy ||
			(managedBy === "file" && one.kind === "environment" && projects.has(projectOf(one))));
	return items.filter((one) => !named.has(one.id) && !one.archived && isOwn(one));
}

/** Everything that is in force once the plan is carried out. */
function stateAfter(
	items: readonly StoredItem[],
	matches: readonly Match[],
	removed: readonly StoredItem[],
): readonly Item[] {
	const gone = new Set([...removed.map((one) => one.id), ...matches.map(({ stored }) => stored?.id)]);
	return [...items.filter((one) => !one.archived && !gone.has(one.id)), ...matches.map(({ item }) => item)];
}

/** The rest of a sentence: why it must stay, and what to do. */
function obstacle(stored: StoredItem, after: readonly Item[], current: CurrentState): string | null {
	switch (stored.kind) {
		case "environment": {
			const runs = current.openRuns.get(stored.id) ?? [];
			if (runs.length === 0) return null;
			const which = runs.map((number) => `#${number}`).join(", ");
			return `${runs.length === 1 ? `the run ${which} is` : `the runs ${which} are`} not at an end there. Wait, or cancel, and apply again.`;
		}
		case "integration": {
			const users = after.filter((one) => one.kind === "project" && one.values.integration === stored.name);
			return users.length === 0
				? null
				: `${list(users)} would be left without one. Give them another integration first.`;
		}
		case "policy": {
			// Without it the name means the baseline again.
			if (Object.hasOwn(BASELINES, stored.name)) return null;
			const users = after.filter(
				(one) =>
					(one.kind === "environment" && one.values.policy === stored.name) ||
					(one.kind === "policy" && one.values.extends === stored.name),
			);
			return users.length === 0 ? null : `${list(users)} would be left without rules. Give them another policy first.`;
		}
		default:
			return null;
	}
}

function list(items: readonly Item[]): string {
	return items.map((one) => `the ${one.kind} ${one.name}`).join(", ");
}

const RETIRED = "its secrets are deleted; the entry itself stays, because the past refers to it";

type IsReferred = (one: StoredItem) => boolean;

function noteFor(stored: StoredItem, isReferred: IsReferred): string | null {
	if (stored.kind === "project" || stored.kind === "environment") return "archived: its runs and its trail stay";
	return stored.kind === "integration" && isReferred(stored) ? RETIRED : null;
}

/** An integration that was removed, as far as it can be: it has no secrets any more, and only the past refers to it. */
function isLeftover(one: StoredItem, current: CurrentState, isReferred: IsReferred): boolean {
	if (one.kind !== "integration" || Object.keys(one.secrets).length > 0 || !isReferred(one)) return false;
	return !current.items.some(
		(project) => project.kind === "project" && !project.archived && project.values.integration === one.name,
	);
}

/** Whether rows that stay for ever will point to an integration: it cannot be deleted then. */
function referredAfter(current: CurrentState, matches: readonly Match[]): IsReferred {
	const wanted = new Map(matches.map(({ item, stored }) => [stored?.id, item]));
	const byProjects = new Set(
		current.items.flatMap((stored) => {
			const project = wanted.get(stored.id) ?? stored;
			return project.kind === "project" ? [project.values.integration] : [];
		}),
	);
	return (one) => current.referredIntegrations.has(one.id) || byProjects.has(one.name);
}
