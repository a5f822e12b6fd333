import { formatDuration } from "../core/duration.ts";
import { externalOf, type Run, startedAtOf } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import { type RunnerSeen, runnersSeen } from "../store/runner-queue.ts";
import { placeById } from "./catalog.ts";

const MOST_NAMED = 5;

/** Why a run did not begin within the time that its policy gives, as far as it can be told. */
export async function notStarted(deps: Deps, run: Run): Promise<string> {
	if (externalOf(run) !== null) {
		const { environment, integration } = await placeById(deps.db.manager, run.environmentId);
		if (integration.provider !== "runner") return "The provider took it and did not begin in time.";
		const startedAt = startedAtOf(run)?.getTime() ?? deps.now().getTime();
		const waited = formatDuration(deps.now().getTime() - startedAt);
		return noRunner(environment.labels, await runnersSeen(deps.db, integration.id), waited);
	}
	return "triggerAttempted" in run.progress && run.progress.triggerAttempted
		? "The provider did not confirm that it started. Look there before you retry: it may have."
		: "The provider could not be reached in time. Nothing was started.";
}

function noRunner(labels: readonly string[], seen: readonly RunnerSeen[], waited: string): string {
	const wanted =
		labels.length === 0 ? "" : ` with the label${labels.length === 1 ? "" : "s"} ${[...labels].sort().join(", ")}`;
	if (seen.length === 0)
		return `No runner asked for work within ${waited}, and none ever did: start one (draven runner).`;
	const fit = seen.filter((one) => labels.every((label) => one.labels.includes(label)));
	if (fit.length === 0)
		return `No runner${wanted} asked for work within ${waited}. Runners seen: ${named(seen)}. Start one with --labels ${labels.join(",")}, or correct the labels of the environment.`;
	if (fit.some(({ atWork }) => atWork))
		return `No runner${wanted} was free within ${waited}: ${named(fit)}. Start another one, or raise timeouts.start in the policy.`;
	return `No runner${wanted} began it within ${waited}. Runners seen: ${named(fit)}. Look whether they run and reach this server.`;
}

function named(runners: readonly RunnerSeen[]): string {
	const names = runners.slice(0, MOST_NAMED).map(({ name, labels, atWork, silentMs }) => {
		const since = atWork ? "at work" : `asked ${formatDuration(Math.max(1_000, silentMs))} ago`;
		return `${name} (${labels.length === 0 ? "no labels" : [...labels].sort().join(", ")}; ${since})`;
	});
	const more = runners.length - names.length;
	return `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
