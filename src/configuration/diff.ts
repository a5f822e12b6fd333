import { canonicalJson } from "../core/canonical-json.ts";
import type { Item } from "./items.ts";

/** One field that differs. Of a secret only that it does. */
export type FieldChange =
	| { readonly field: string; readonly from: unknown; readonly to: unknown }
	| { readonly field: string; readonly secret: true };

type Side = Pick<Item, "values" | "secrets">;

/** What `to` says otherwise than `from` (null: nothing yet); lists are compared as a whole. */
export function diff(from: Side | null, to: Side): FieldChange[] {
	const before = leaves(from?.values ?? {});
	const after = leaves(to.values);
	const plain = changed(before, after).map((field) => ({
		field,
		from: before.get(field) ?? null,
		to: after.get(field) ?? null,
	}));
	const secret = changed(leaves(from?.secrets ?? {}), leaves(to.secrets)).map((field) => ({
		field,
		secret: true as const,
	}));
	return [...plain, ...secret];
}

function changed(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): string[] {
	return [...new Set([...before.keys(), ...after.keys()])]
		.filter((field) => canonicalJson(before.get(field) ?? null) !== canonicalJson(after.get(field) ?? null))
		.sort();
}

function leaves(value: unknown, path = ""): Map<string, unknown> {
	if (value === null || typeof value !== "object" || Array.isArray(value)) return new Map([[path, value]]);
	return new Map(
		Object.entries(value).flatMap(([key, member]) => [...leaves(member, path === "" ? key : `${path}.${key}`)]),
	);
}
