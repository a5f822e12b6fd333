import type { Change, Plan } from "./plan.ts";

const SIGNS: Record<Change["action"], string> = { create: "+", update: "~", remove: "-" };

/** What an apply does, line by line, as a terminal shows it. */
export function planLines(plan: Plan): string[] {
	const lines = plan.changes.flatMap(changeLines);
	if (lines.length === 0) lines.push("Nothing to change: the database says what the file says.");
	else lines.push("", sum(plan));
	for (const { kind, name } of plan.kept)
		lines.push(`  (${kind} ${name} is not in the file and stays; --prune removes it)`);
	return lines;
}

function changeLines({ action, kind, name, fields, note }: Change): string[] {
	const first = `${SIGNS[action]} ${kind} ${name}${note === null ? "" : `   (${note})`}`;
	if (action === "remove") return [first];
	return [
		first,
		...fields.map((change) => {
			if ("secret" in change) return `    ${change.field}: (secret) ${action === "create" ? "set" : "changed"}`;
			const to = show(change.to);
			return `    ${change.field}: ${action === "create" ? to : `${show(change.from)} -> ${to}`}`;
		}),
	];
}

function sum({ changes, unchanged }: Plan): string {
	const count = (action: Change["action"]) => changes.filter((change) => change.action === action).length;
	return `${count("create")} to create, ${count("update")} to change, ${count("remove")} to remove, ${unchanged} as they are.`;
}

function show(value: unknown): string {
	if (value === null) return "nothing";
	return typeof value === "string" ? value : JSON.stringify(value);
}
