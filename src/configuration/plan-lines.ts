import type { FieldChange } from "./diff.ts";
import type { Change, Plan } from "./plan.ts";

const SIGN: Record<Change["action"], string> = { create: "+", update: "~", remove: "-" };
const LONGEST_VALUE = 120;

/** A plan as people read it in a terminal: a line for each change, what stays though it is not named, and the sum. */
export function planLines({ changes, kept, unchanged }: Plan): string[] {
	const staying = kept.map(
		({ kind, name }) => `  ${kind} ${name} stays: it is not named any more, and only --prune removes`,
	);
	return [...changes.map(changeLine), ...staying, sumLine(changes, unchanged)];
}

function changeLine({ action, kind, name, fields, note }: Change): string {
	const what = action === "update" && fields.length > 0 ? `: ${fields.map(fieldText).join(", ")}` : "";
	return `${SIGN[action]} ${kind} ${name}${what}${note === null ? "" : ` (${note})`}`;
}

function fieldText(change: FieldChange): string {
	if ("secret" in change) return `${change.field} (a secret) changes`;
	return `${change.field} ${valueText(change.from)} -> ${valueText(change.to)}`;
}

function valueText(value: unknown): string {
	if (value === null) return "none";
	// As JSON whatever could be taken for something else, or would break the line.
	const text = typeof value === "string" && /^[\w./:@*${}-]+$/.test(value) ? value : JSON.stringify(value);
	return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

function sumLine(changes: readonly Change[], unchanged: number): string {
	if (changes.length === 0) return `Nothing to change (${unchanged} unchanged).`;
	const count = (action: Change["action"]) => changes.filter((change) => change.action === action).length;
	return `${count("create")} to create, ${count("update")} to change, ${count("remove")} to remove, ${unchanged} unchanged.`;
}
