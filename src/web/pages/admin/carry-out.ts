import { changeEntry, find, type Wish } from "../../../configuration/change-entry.ts";
import { readItems } from "../../../configuration/current.ts";
import type { Stored } from "../../../configuration/entries.ts";
import type { Kind, StoredItem } from "../../../configuration/items.ts";
import type { Deps } from "../../../deps.ts";
import { actorOf } from "../../../use-cases/identify.ts";
import { doneAt, type PageCall, type PageReply, refusedAt } from "../page.tsx";
import type { Draft } from "./fields.tsx";

/** What is configured and not archived. */
export async function readAlive({ db, box }: Pick<Deps, "db" | "box">): Promise<StoredItem[]> {
	return (await readItems(db.manager, box)).filter((one) => !one.archived);
}

export function ofKind<K extends Kind>(alive: readonly StoredItem[], kind: K): Stored<K>[] {
	return alive.filter((one): one is Stored<K> => one.kind === kind);
}

export function findOne<K extends Kind>(alive: readonly StoredItem[], kind: K, name: string): Stored<K> | null {
	const found = find(alive, kind, name);
	return found === null ? null : (found as Stored<K>);
}

/**
 * Carries out what a form asks for, as the API does: checked, in one transaction with its entry on the trail. When it is refused the
 * form is shown again with what was typed.
 */
export async function carryOutForm(
	{ deps, caller, form }: PageCall,
	wish: Wish,
	values: Draft["values"],
	{
		done,
		again,
	}: {
		readonly done: (item: StoredItem | null) => { readonly to: string; readonly text: string };
		readonly again: (draft: Draft) => Promise<PageReply>;
	},
): Promise<PageReply> {
	// A form without it is not of a page of ours: it says how things are to be, whatever they were.
	const version = form["version"] || undefined;
	const changed = await changeEntry(deps, { ...wish, version }, actorOf(caller));
	if (changed.ok) {
		const { to, text } = done(changed.value);
		return doneAt(to, text);
	}
	const { problems, refusal } = changed;
	return again({ values, problems, trouble: problems.length > 0 ? null : refusal.message });
}

/** Removes an entry and goes on to `to`; when that is refused, back to its own page at `from`. */
export async function carryOutRemoval(
	{ deps, caller }: PageCall,
	wish: { readonly kind: Kind; readonly name: string },
	{ from, to, text }: { readonly from: string; readonly to: string; readonly text: string },
): Promise<PageReply> {
	const changed = await changeEntry(deps, { ...wish, action: "remove" }, actorOf(caller));
	return changed.ok ? doneAt(to, text) : refusedAt(from, changed.refusal);
}
