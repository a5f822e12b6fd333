import type { PersonRef } from "./run.ts";

/** What one person decided of one run; they decide once. */
export interface Approval {
	readonly person: PersonRef;
	readonly decision: "approved" | "rejected";
	/** What it holds for: nothing else. */
	readonly fingerprint: string;
	readonly reason: string | null;
	readonly at: Date;
}
