import { changeEntry } from "../../../configuration/change-entry.ts";
import { entryOf } from "../../../configuration/read-entry.ts";
import { versionOf } from "../../../configuration/version-of.ts";
import { actorOf } from "../../../use-cases/identify.ts";
import { Form } from "../layout.tsx";
import { doneAt, type PageCall, type PageReply, refusedAt } from "../page.tsx";
import { findOne, readAlive } from "./carry-out.ts";
import { nothingHere } from "./frame.tsx";

/** The order of a project's environments is that in which boards and answers show them; a draven.yaml has it by its own. */
export async function moveEnvironment({ deps, caller, params, form }: PageCall): Promise<PageReply> {
	const alive = await readAlive(deps);
	const { project = "", environment = "" } = params;
	const found = findOne(alive, "project", project);
	if (found === null) return nothingHere("projects", `The project "${project}"`);
	const list = entryOf(found, alive)["environments"];
	const order: { readonly slug: string }[] = Array.isArray(list) ? [...list] : [];
	const from = order.findIndex(({ slug }) => slug === environment);
	const to = from + (form["to"] === "later" ? 1 : -1);
	const [moved] = order.slice(from, from + 1);
	if (from < 0 || moved === undefined) return nothingHere("projects", `The environment "${environment}"`);
	const back = `/admin/projects/${found.name}`;
	if (to < 0 || to >= order.length) return { kind: "go", to: back };
	order.splice(from, 1);
	order.splice(to, 0, moved);
	// The list takes the place of the one that was read: an environment that somebody adds at this moment must not be gone by that.
	const version = versionOf(found, alive);
	const wish = { kind: "project", action: "merge", name: found.name, version, entry: { environments: order } } as const;
	const changed = await changeEntry(deps, wish, actorOf(caller));
	return changed.ok ? doneAt(back, `${environment} is number ${to + 1} now.`) : refusedAt(back, changed.refusal);
}

/** Without scripts: a button for each way that there is. */
export function MoveButtons({
	page,
	slug,
	isFirst,
	isLast,
}: {
	readonly page: string;
	readonly slug: string;
	readonly isFirst: boolean;
	readonly isLast: boolean;
}) {
	const button = (to: "earlier" | "later", sign: string) => (
		<Form action={`${page}/${slug}/-move`} inline>
			<input type="hidden" name="to" value={to} />
			<button type="submit" aria-label={`Move ${slug} ${to}`}>
				{sign}
			</button>
		</Form>
	);
	return (
		<span class="buttons">
			{isFirst ? null : button("earlier", "↑")}
			{isLast ? null : button("later", "↓")}
		</span>
	);
}
