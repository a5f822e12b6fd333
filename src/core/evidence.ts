import type { RunState } from "./run.ts";
import type { Facts } from "./verdict.ts";

/** One commit as it is shown to whoever decides. */
export interface ShownCommit {
	readonly sha: string;
	readonly title: string;
	readonly author: string;
}

/** What lies between what is live and what is asked for. */
export interface ShownComparison {
	readonly ahead: number;
	readonly behind: number;
	/** True: there are more than were counted. */
	readonly more: boolean;
	/** Of those ahead the newest, a few. */
	readonly commits: readonly ShownCommit[];
	/** Names, those of the newest commits first, a few. */
	readonly authors: readonly string[];
	/** Authors that are not named. */
	readonly furtherAuthors: number;
	readonly url: string | null;
}

/** What people are shown before they decide. It is kept with the run as it was shown, as JSON. */
export interface Evidence {
	/** When it was gathered, ISO 8601; left out: when it was asked for, by a version before this one. */
	readonly at?: string;
	/** What is asked for. */
	readonly sha: string;
	/** What succeeded here last; null: nothing did yet. */
	readonly live: { readonly run: number; readonly ref: string; readonly sha: string } | null;
	/** null: there is nothing to compare with, or it is what is live. */
	readonly comparison:
		| ({ readonly known: true } & ShownComparison)
		/** A sentence why it could not be read. */
		| { readonly known: false; readonly why: string }
		| null;
	/** null: the policy does not ask for CI. */
	readonly ci: Facts["ci"] | null;
	/** How the last run that was at work here ended. */
	readonly last: { readonly run: number; readonly state: RunState } | null;
	/** Numbers of the runs that wait here. */
	readonly waiting: readonly number[];
}
