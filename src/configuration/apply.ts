import type { DataSource, EntityManager } from "typeorm";
import type { Actor } from "../core/audit-entry.ts";
import { holdChain, SYSTEM_CHAIN, writeTrail } from "../store/change.ts";
import type { ManagedBy } from "../store/entities.ts";
import type { SecretBox } from "../store/secret-box.ts";
import { readCurrent } from "./current.ts";
import type { ConfigurationDocument } from "./document.ts";
import { itemsOf } from "./items.ts";
import { type CurrentState, type Plan, type Planned, planConfiguration } from "./plan.ts";
import { movesIn } from "./plan-moves.ts";
import { writeSteps } from "./write-steps.ts";

export interface ApplyStore {
	readonly db: DataSource;
	readonly box: SecretBox;
	readonly auditKey: Buffer;
	readonly now: () => Date;
}

export interface ApplyOptions {
	/** Remove what the document does not name and `managedBy` made. */
	readonly prune: boolean;
	/** Only the plan: nothing is written. */
	readonly dryRun: boolean;
	readonly actor: Actor;
	readonly managedBy: ManagedBy;
}

/** The document is right in itself and cannot be carried out here. Nothing was changed. */
export class ApplyRefused extends Error {
	override readonly name = "ApplyRefused";
	/** A sentence for each obstacle. */
	readonly problems: readonly string[];
	/** Only runs at work stand in its way: once they are over it can be carried out. */
	readonly passes: boolean;

	constructor({ refusals, waitsFor }: Pick<Planned, "refusals" | "waitsFor">) {
		const problems = [...refusals, ...waitsFor];
		super(problems.join("\n"));
		this.problems = problems;
		this.passes = refusals.length === 0;
	}
}

/**
 * Makes the database say what the document says: all of it, with its entry on the trail, or nothing. A second time it changes
 * nothing and writes nothing. Two at the same time go one after the other. Throws ApplyRefused.
 */
export async function applyDocument(
	store: ApplyStore,
	document: ConfigurationDocument,
	options: ApplyOptions,
): Promise<Plan> {
	return store.db.transaction(async (tx) => {
		const held = await holdChain(tx, SYSTEM_CHAIN);
		const wanted = itemsOf(document);
		const planned = await planHolding(tx, store.box, (current) => planConfiguration(current, wanted, options));
		if (planned.refusals.length > 0 || planned.waitsFor.length > 0) throw new ApplyRefused(planned);
		if (options.dryRun || planned.steps.length === 0) return planned.plan;
		const now = store.now();
		await writeSteps({ tx, box: store.box, now, managedBy: options.managedBy }, planned.steps);
		await writeTrail({ tx, auditKey: store.auditKey, held, now }, [
			{
				atMs: now.getTime(),
				action: "config.applied",
				actor: options.actor,
				project: null,
				environment: null,
				runId: null,
				run: null,
				data: { managedBy: options.managedBy, prune: options.prune, changes: planned.plan.changes },
			},
		]);
		return planned.plan;
	});
}

/**
 * Makes a plan while nothing that it speaks of can change: a run that is being asked for or dispatched right now, in an environment
 * that ends or whose pipeline moves, comes before us, and is seen, or after us, and sees the change.
 */
export async function planHolding(
	tx: EntityManager,
	box: SecretBox,
	planFrom: (current: CurrentState) => Planned,
): Promise<Planned> {
	const current = await readCurrent(tx, box);
	const planned = planFrom(current);
	const ending = planned.steps.flatMap((step) =>
		step.action === "remove" && step.kind === "environment" ? [step.stored.id] : [],
	);
	const moving = movesIn(planned.steps, current.items).flatMap((move) => move.environments.map(({ id }) => id));
	if (ending.length + moving.length === 0) return planned;
	for (const chain of [...new Set([...ending, ...moving])].sort()) await holdChain(tx, chain);
	return planFrom(await readCurrent(tx, box));
}
