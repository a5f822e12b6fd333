import { formatDuration } from "../core/duration.ts";
import type { PersonLock } from "../core/person-lock.ts";
import { type Refusal, refusal } from "../core/refusal.ts";
import { externalOf, isEnd, type PersonRef, type Run } from "../core/run.ts";
import { plainTime } from "./rich.ts";
import { runTitle } from "./run-card.ts";
import { sentence } from "./sentence.ts";
import { statePhrase } from "./state-label.ts";

/** What the holder of a lock is told by the one who waits for it. */
export function nudgeOfLock(run: Run, by: PersonRef, waited: number, reason: string | null): string {
	const why = reason === null ? "" : ` They say: ${sentence(reason)}`;
	return `🔔 ${by.name} asks after your lock on ${run.project}/${run.environment}: ${runTitle(run)} has waited for ${formatDuration(waited)}.${why} To give it free: deploy unlock ${run.project} ${run.environment}`;
}

export function ownLock({ number, project, environment }: Run): Refusal {
	return refusal(
		"own_lock",
		`#${number} waits for your own lock on ${project}/${environment}.`,
		"Unlock it and the run goes on.",
		[{ label: "Unlock", command: `unlock ${project} ${environment}` }],
	);
}

export function nudgedLately(
	{ number }: Run,
	lock: PersonLock | null,
	last: { readonly at: Date; readonly by: PersonRef },
	from: Date,
): Refusal {
	const whom = lock === null ? "those who can approve it" : lock.person.name;
	return refusal(
		"nudged_lately",
		`${last.by.name} called on ${whom} for #${number} at ${plainTime(last.at)} already, and that is done once in 10 minutes at most.`,
		`The next nudge is possible from ${plainTime(from)}.`,
	);
}

/** `waitsFor`: what it is queued behind, from that word on. `note`: what its provider last said of it. */
export function nothingToNudge(run: Run, waitsFor: string | null, note: string | null): Refusal {
	const { number } = run;
	const page = externalOf(run)?.externalUrl ?? null;
	const look = page === null ? `deploy show #${number} tells how it stands.` : `Look at the provider: ${page}`;
	const at = run.progress;
	const no = (message: string, next: string) => refusal("nothing_to_nudge", message, next);
	if (isEnd(at.state)) return no(`#${number} ${statePhrase(at.state)}: it is over, and waits for nobody.`, look);
	switch (at.state) {
		case "waiting_approval":
			return no(`#${number} has waited too long and can no longer be approved.`, "Ask for it anew.");
		case "queued":
			return no(
				`#${number} is queued ${waitsFor ?? "and next in line"}: it waits for nobody's word, and starts by itself.`,
				`deploy queue ${run.project} ${run.environment} shows what waits there.`,
			);
		case "cancelling":
			return no(`#${number} is being cancelled (${at.stop.reason}): the pipeline was asked to stop.`, look);
		default:
			return no(
				`#${number} ${statePhrase(at.state)}${"startedAt" in at && at.startedAt !== null ? ` since ${plainTime(at.startedAt)}` : ""}: the pipeline has it, and there is nobody to nudge.${note === null ? "" : ` The last word on it: ${note}`}`,
				look,
			);
	}
}
