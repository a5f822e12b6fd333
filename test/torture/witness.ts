import type { DataSource } from "typeorm";
import { isActive, NEXT_STATES, type RunState } from "../../src/core/run.ts";

export interface Seen {
	readonly number: number;
	readonly from: RunState | null;
	readonly to: RunState;
	/** Runs at work at that environment right after, as the change's own transaction saw them. */
	readonly active: number;
}

/**
 * A witness inside the database: each change of each run's state is written down, with how many runs were at work there. The unique
 * index that would refuse a second one is taken away, so that the code has to keep the promise by itself.
 */
export async function installWitness(db: DataSource, keepIndex = false): Promise<{ seen(): Promise<Seen[]> }> {
	if (!keepIndex) await db.query("DROP INDEX run_one_active");
	await db.query(
		'CREATE TABLE witness (id bigint GENERATED ALWAYS AS IDENTITY, number int, "from" text, "to" text, active int)',
	);
	await db.query(`CREATE FUNCTION bear_witness() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			INSERT INTO witness (number, "from", "to", active) VALUES (NEW.number,
				CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state,
				(SELECT count(*) FROM run WHERE environment_id = NEW.environment_id AND state IN ('dispatching','running','cancelling')));
			RETURN NULL;
		END $$`);
	await db.query("CREATE TRIGGER witness AFTER INSERT OR UPDATE ON run FOR EACH ROW EXECUTE FUNCTION bear_witness()");
	return {
		seen: () => db.query('SELECT number, "from", "to", active FROM witness ORDER BY id'),
	};
}

/** What the witness saw that must never be: two at work at once, a way that SPEC section 3 does not know, an end that changed. */
export function unlawful(seen: readonly Seen[]): Seen[] {
	return seen.filter(({ from, to, active }) => active > 1 || (from !== null && from !== to && !leadsTo(from, to)));
}

/** One report may say that it began, was stopped and is over: then one change goes several steps, each with its entry on the trail. */
function leadsTo(from: RunState, to: RunState): boolean {
	return NEXT_STATES[from].some((next) => next === to || (isActive(next) && leadsTo(next, to)));
}
