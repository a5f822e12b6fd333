import type { Kind, StoredItem } from "./items.ts";
import { projectOf } from "./items.ts";
import type { CurrentState, Step } from "./plan.ts";

/** With another value of these, what a run has at its provider is not found any more. */
const WHERE_IT_RUNS: Partial<Record<Kind, readonly string[]>> = {
	integration: ["provider", "baseUrl"],
	project: ["integration", "repository", "pipeline"],
};

interface Move {
	readonly step: Step;
	readonly fields: readonly string[];
	readonly environments: readonly StoredItem[];
}

/** The steps that send environments to another pipeline than the one they have. */
export function movesIn(steps: readonly Step[], items: readonly StoredItem[]): Move[] {
	return steps.flatMap((step): Move[] => {
		if (step.action !== "update") return [];
		const fields = step.fields.map(({ field }) => field).filter((field) => WHERE_IT_RUNS[step.kind]?.includes(field));
		return fields.length === 0 ? [] : [{ step, fields, environments: environmentsOf(step.stored, items) }];
	});
}

function environmentsOf(moved: StoredItem, items: readonly StoredItem[]): StoredItem[] {
	const projects = items
		.filter((one) => (moved.kind === "project" ? one.id === moved.id : usesIntegration(one, moved.name)))
		.map(({ name }) => name);
	return items.filter((one) => one.kind === "environment" && projects.includes(projectOf(one)));
}

function usesIntegration(one: StoredItem, integration: string): boolean {
	return one.kind === "project" && one.values.integration === integration;
}

/** Sentences: which runs at work would lose their pipeline. They pass by themselves. */
export function movesToWaitFor(steps: readonly Step[], { items, activeRuns }: CurrentState): string[] {
	return movesIn(steps, items).flatMap(({ step, fields, environments }) => {
		const runs = environments.flatMap(({ id, name }) => (activeRuns.get(id) ?? []).map((n) => `#${n} (${name})`));
		if (runs.length === 0) return [];
		const which = runs.length === 1 ? `the run ${runs[0]} is` : `the runs ${runs.join(", ")} are`;
		return [
			`The ${fields.join(", ")} of the ${step.kind} ${step.name} cannot change now: ${which} at work there and could not be followed or stopped any more. Wait, or cancel, and apply again.`,
		];
	});
}
