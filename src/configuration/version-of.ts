import { createHash } from "node:crypto";
import { canonicalJson } from "../core/canonical-json.ts";
import type { Sql } from "../store/runs.ts";
import type { StoredItem } from "./items.ts";
import { entryOf } from "./read-entry.ts";

/** Names how an entry stands: whoever changes it can say that they saw this. Of its secrets only whether they changed. */
export function versionOf(item: StoredItem, alive: readonly StoredItem[]): string {
	return createHash("sha256")
		.update(canonicalJson({ entry: entryOf(item, alive), seal: item.seal ?? null }))
		.digest("base64url")
		.slice(0, 22);
}

/** Who changed an entry last, and what of it, as the end of a sentence; empty: the trail does not say. */
export async function lastChangeOf(sql: Sql, { kind, name }: Pick<StoredItem, "kind" | "name">): Promise<string> {
	const rows: { entry: string }[] = await sql.query(
		`SELECT entry FROM audit_entry WHERE chain = 'system' AND action IN ('config.changed', 'config.applied') ORDER BY at_ms DESC, chain DESC, seq DESC LIMIT 20`,
	);
	for (const row of rows) {
		const { actor, data } = JSON.parse(row.entry) as Told;
		const fields = (data.changes ?? [])
			.filter((one) => one.kind === kind && (one.name === name || one.name.startsWith(`${name}/`)))
			.flatMap((one) => one.fields.map(({ field }) => field));
		if (fields.length > 0) return ` by ${actor.name}: ${[...new Set(fields)].join(", ")}`;
	}
	return "";
}

interface Told {
	readonly actor: { readonly name: string };
	readonly data: {
		readonly changes?: readonly {
			readonly kind: string;
			readonly name: string;
			readonly fields: readonly { readonly field: string }[];
		}[];
	};
}
