import type { PersonRef } from "./run.ts";

/** A person's hold on an environment: it stops everybody else's runs, not their own. */
export interface PersonLock {
	readonly environmentId: string;
	readonly person: PersonRef;
	readonly reason: string | null;
	/** null: until somebody unlocks it. */
	readonly until: Date | null;
	readonly createdAt: Date;
}
