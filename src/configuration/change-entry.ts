import type { EntityManager } from "typeorm";
import type { Actor } from "../core/audit-entry.ts";
import { type Refusal, refusal } from "../core/refusal.ts";
import { holdChain, SYSTEM_CHAIN, writeTrail } from "../store/change.ts";
import { type ApplyStore, planHolding } from "./apply.ts";
import { readCurrent, readItems } from "./current.ts";
import { type Item, type Kind, projectOf, type StoredItem } from "./items.ts";
import { type CurrentState, followersOf, OWNER, type Planned, planConfiguration, RANK, stepFor } from "./plan.ts";
import type { Problem } from "./problem.ts";
import { readEntry } from "./read-entry.ts";
import { lastChangeOf, versionOf } from "./version-of.ts";
import { writeSteps } from "./write-steps.ts";

/** One entry of the configuration to make, change or remove. `name`: its slug, `project/environment`, or its id. */
export type Wish = {
	readonly kind: Kind;
	/** How it stood when it was looked at; left out: it is changed however it stands now. */
	readonly version?: string | undefined;
} & (
	| { readonly action: "create"; readonly entry: Readonly<Record<string, unknown>> }
	/** The whole entry anew. */
	| { readonly action: "replace"; readonly name: string; readonly entry: Readonly<Record<string, unknown>> }
	/** What is named changes (RFC 7396: null takes away, a list replaces a list). */
	| { readonly action: "merge"; readonly name: string; readonly entry: Readonly<Record<string, unknown>> }
	| { readonly action: "remove"; readonly name: string }
);

/** What became of a wish. `problems`: what is wrong with the entry itself, each at its place; empty when something else is in the way. */
export type Changed =
	| { readonly ok: true; readonly value: StoredItem | null }
	| { readonly ok: false; readonly refusal: Refusal; readonly problems: readonly Problem[] };

/** Ends the transaction, so that nothing is written. */
class Stop extends Error {
	readonly refusal: Refusal;
	readonly problems: readonly Problem[];
	constructor(code: string, message: string, problems: readonly Problem[] = []) {
		super(message);
		this.refusal = refusal(code, message);
		this.problems = problems;
	}
}

/**
 * Carries out one wish as `apply` carries out a file: checked in the same way, in one transaction with its entry on the trail. What a
 * draven.yaml manages is refused. The answer is the entry as it is now; null: it is gone.
 */
export async function changeEntry(
	store: ApplyStore,
	wish: Wish,
	actor: Actor,
	/** Written with the change; false: it was made by an earlier try, so nothing is written now. */
	settle: (tx: EntityManager, item: StoredItem | null, alive: readonly StoredItem[]) => Promise<boolean> = async () =>
		true,
): Promise<Changed> {
	return orStopped(async () =>
		store.db.transaction(async (tx) => {
			const item = await carryOut(store, tx, wish, actor);
			const alive = (await readItems(tx, store.box)).filter((one) => !one.archived);
			if (!(await settle(tx, item, alive))) throw new Stop("in_progress", "This was done by an earlier try.");
			return item;
		}),
	);
}

/** What would come of a wish as things stand now: nothing is written, held or promised. */
export async function checkEntry({ db, box }: Pick<ApplyStore, "db" | "box">, wish: Wish): Promise<Changed> {
	return orStopped(async () => {
		const current = await readCurrent(db.manager, box);
		const planned = planWish(
			current,
			current.items.filter((one) => !one.archived),
			wish,
		);
		refuseObstacles(planned);
		return null;
	});
}

async function orStopped(act: () => Promise<StoredItem | null>): Promise<Changed> {
	try {
		return { ok: true, value: await act() };
	} catch (error) {
		if (error instanceof Stop) return { ok: false, refusal: error.refusal, problems: error.problems };
		throw error;
	}
}

function refuseObstacles({ refusals, waitsFor }: Planned): void {
	const obstacles = [...refusals, ...waitsFor];
	if (obstacles.length > 0) throw new Stop("configuration_refused", obstacles.join(" "));
}

async function carryOut(
	{ box, auditKey, now }: ApplyStore,
	tx: EntityManager,
	wish: Wish,
	actor: Actor,
): Promise<StoredItem | null> {
	const held = await holdChain(tx, SYSTEM_CHAIN);
	if (wish.action !== "create" && wish.version !== undefined) await refuseStale(tx, box, wish, wish.version);
	let before: readonly StoredItem[] = [];
	const planned = await planHolding(tx, box, (current) => {
		before = current.items.filter((one) => !one.archived);
		return planWish(current, before, wish);
	});
	refuseObstacles(planned);
	const { steps, plan } = planned;
	if (steps.length > 0) {
		const at = now();
		await writeSteps({ tx, box, now: at, managedBy: "api" }, steps);
		const data = { managedBy: "api", changes: plan.changes };
		const nowhere = { project: null, environment: null, runId: null, run: null };
		await writeTrail({ tx, auditKey, held, now: at }, [
			{ atMs: at.getTime(), action: "config.changed", actor, ...nowhere, data },
		]);
	}
	if (wish.action === "remove") return null;
	const known = wish.action === "create" ? null : find(before, wish.kind, wish.name);
	const ids = new Set(before.map(({ id }) => id));
	const after = (await readItems(tx, box)).filter((one) => one.kind === wish.kind && !one.archived);
	return after.find((one) => (known === null ? !ids.has(one.id) : one.id === known.id)) ?? null;
}

/** While the chain is held nobody else changes anything. */
async function refuseStale(
	tx: EntityManager,
	box: ApplyStore["box"],
	{ kind, name }: { readonly kind: Kind; readonly name: string },
	version: string,
): Promise<void> {
	const alive = (await readItems(tx, box)).filter((one) => !one.archived);
	const target = find(alive, kind, name);
	if (target === null || versionOf(target, alive) === version) return;
	const how = await lastChangeOf(tx, target);
	const called = kind === "access" ? "" : ` ${target.name}`;
	throw new Stop(
		"changed_meanwhile",
		`The ${NOUNS[kind]}${called} was changed meanwhile${how}. Look at how it is now, then say again what is to change.`,
	);
}

/** `alive`: what is not archived. */
function planWish(current: CurrentState, alive: readonly StoredItem[], wish: Wish): Planned {
	const target = wish.action === "create" ? null : find(alive, wish.kind, wish.name);
	if (wish.action !== "create" && target === null)
		throw new Stop(`unknown_${wish.kind}`, `There is no ${NOUNS[wish.kind]} "${wish.name}".`);
	if (target !== null && RANK[target.managedBy] > RANK.api)
		throw new Stop(
			"configuration_refused",
			`The ${NOUNS[wish.kind]} ${target.name} is managed by ${OWNER[target.managedBy]}: change it there.`,
		);
	if (wish.action === "remove") return planRemoval(current, alive, target);

	if (wish.action === "create") refuseDouble(alive, wish.kind, wish.entry);
	const reading = readEntry(alive, wish, target);
	if (!reading.ok) throw new Stop("invalid_configuration", reading.message, reading.problems);
	const { items } = reading;
	const above = wish.kind === "policy" && target === null ? followersOf(alive, items[0]?.name ?? "") : [];
	const kept = above.filter((one) => RANK[one.managedBy] > RANK.api).map(({ kind, name }) => `the ${kind} ${name}`);
	if (kept.length > 0)
		throw new Stop(
			"configuration_refused",
			`It would take the place of the baseline of that name for ${kept.join(", ")}, managed by ${OWNER.file}: choose another name.`,
		);
	// Bindings have no name that the planner could know them by.
	if (wish.kind === "access") return planBinding(items, target);
	const named = new Set(items.map((item) => `${item.kind} ${item.name}`));
	const dropped = alive.filter(
		(one) => wish.kind === "project" && isOf(one, target) && !named.has(`environment ${one.name}`),
	);
	const only = new Set(dropped.map(({ id }) => id));
	return planConfiguration(current, items, { prune: true, managedBy: "api", only });
}

function refuseDouble(
	alive: readonly StoredItem[],
	kind: Kind,
	{ project, slug }: Readonly<Record<string, unknown>>,
): void {
	const name = kind === "environment" ? `${project}/${slug}` : String(slug);
	if (kind !== "access" && alive.some((one) => one.kind === kind && one.name === name))
		throw new Stop("already_exists", `The ${NOUNS[kind]} "${name}" is there already: change that one.`, [
			{ path: ["slug"], message: `is "${slug}", and another ${NOUNS[kind]} has that name: choose another one` },
		]);
}

function planRemoval(current: CurrentState, alive: readonly StoredItem[], target: StoredItem | null): Planned {
	const parts = alive.filter((one) => one.id === target?.id || isOf(one, target));
	const only = new Set(parts.map(({ id }) => id));
	return planConfiguration(current, [], { prune: true, managedBy: "api", only });
}

function planBinding(items: readonly Item[], target: StoredItem | null): Planned {
	const steps = items.flatMap((item) => stepFor(item, target, target?.managedBy ?? null, "api") ?? []);
	const changes = steps.map(({ action, kind, name, fields, note }) => ({ action, kind, name, fields, note }));
	return { steps, plan: { changes, kept: [], unchanged: items.length - steps.length }, refusals: [], waitsFor: [] };
}

/** An environment of this project. */
function isOf(one: StoredItem, project: StoredItem | null): boolean {
	return one.kind === "environment" && project?.kind === "project" && projectOf(one) === project.name;
}

/** By its slug (`project/environment` of an environment) or id. */
export function find(items: readonly StoredItem[], kind: Kind, name: string): StoredItem | null {
	const fits = (one: StoredItem) => one.id === name || (kind !== "access" && one.name === name);
	return items.find((one) => one.kind === kind && fits(one)) ?? null;
}

const NOUNS: Record<Kind, string> = {
	integration: "integration",
	policy: "policy",
	project: "project",
	environment: "environment",
	access: "access binding",
};
