import { type Run, startedAtOf } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Provider } from "../store/entities.ts";
import { countAtWork } from "../store/runs.ts";
import { placeById } from "./catalog.ts";

/**
 * Requests an hour that all runs of one integration take together, at most, to be followed: half of what its provider grants a token.
 * The rest is left for triggers, cancels, checks and pickers, which are never held back for it. Bitbucket grants 1,000, GitHub 5,000,
 * a GitLab out of the box 7,200.
 */
const FOLLOWING: Readonly<Record<Provider, number>> = {
	github: 2_500,
	gitlab: 3_600,
	bitbucket: 500,
	runner: Number.POSITIVE_INFINITY,
};
/** The run itself, and its steps for the message on each of two platforms. */
const REQUESTS = 3;
/** A run that has just begun is looked at as often as DRAVEN_POLL_INTERVAL says, whatever else is at work: many are over by then, and it is few requests. */
const EARLY_MS = 2 * 60_000;

/**
 * When a run at work is looked at next. Looks are jobs in Postgres, one for each run and look: their rate follows from how many runs
 * are at work and needs no counter, whatever the number of replicas.
 */
export async function nextLook(deps: Deps, run: Run): Promise<Date> {
	const { integration } = await placeById(deps.db.manager, run.environmentId);
	const atWork = await countAtWork(deps.db, integration.id);
	const since = deps.now().getTime() - (startedAtOf(run) ?? deps.now()).getTime();
	return new Date(deps.now().getTime() + gap(integration.provider, deps.pollIntervalSeconds * 1_000, atWork, since));
}

/** Milliseconds between two looks at a run that has been at work for `since` milliseconds, one of `atWork` of its integration. */
export function gap(provider: Provider, interval: number, atWork: number, since: number): number {
	if (since < EARLY_MS) return interval;
	return Math.max(interval, (atWork * REQUESTS * 3_600_000) / FOLLOWING[provider]);
}
