import type { Evidence, ShownComparison } from "../core/evidence.ts";
import type { ResolvedRef } from "../core/run.ts";
import type { Facts } from "../core/verdict.ts";
import type { Deps } from "../deps.ts";
import type { CommitPerson, Comparison } from "../ports/pipeline.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { lastAtWork, succeededRuns, waitingRuns } from "../store/runs.ts";
import { refName } from "../words/run-card.ts";
import type { Place } from "./catalog.ts";

/** Milliseconds that a request waits for a comparison at most. */
const WITHIN_MS = 6_000;
const COMMITS = 5;
const AUTHORS = 5;
const LETTERS = 120;

/**
 * What people look at before they decide, read before any transaction. It never stands in the way: a provider that is slow or dead
 * leaves a gap that says so.
 */
export async function gatherEvidence(
	deps: Deps,
	place: Place,
	ref: ResolvedRef,
	ci: Evidence["ci"],
	withinMs = WITHIN_MS,
): Promise<Evidence> {
	const [[live], last, waiting] = await Promise.all([
		succeededRuns(deps.db, place.environment.id, 1),
		lastAtWork(deps.db, place.environment.id),
		waitingRuns(deps.db, place.environment.id),
	]);
	return {
		at: deps.now().toISOString(),
		sha: ref.sha,
		live: live === undefined ? null : { run: live.number, ref: refName(live), sha: live.ref.sha },
		comparison:
			live === undefined || live.ref.sha === ref.sha
				? null
				: await compareWithin(deps, place, live.ref.sha, ref.sha, withinMs),
		ci,
		last: last === null ? null : { run: last.number, state: last.progress.state },
		waiting: waiting.map((run) => run.number),
	};
}

/** What the facts say of CI, for those who decide; null when the policy does not look at it. */
export function ciShown(mode: "required" | "off", ci: Facts["ci"]): Evidence["ci"] {
	return mode === "off" ? null : ci;
}

/** The checks of a commit, whatever a policy asks for. */
export async function ciOf(deps: Deps, place: Place, sha: string): Promise<Facts["ci"]> {
	try {
		return { known: true, checks: await deps.pipelineOf(place.integration).checks(place.pipeline, sha) };
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return { known: false, why: error.message };
	}
}

async function compareWithin(
	deps: Deps,
	place: Place,
	base: string,
	head: string,
	withinMs: number,
): Promise<Evidence["comparison"]> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<"late">((resolve) => {
		timer = setTimeout(() => resolve("late"), withinMs);
	});
	try {
		const read = deps.pipelineOf(place.integration).compare(place.pipeline, base, head);
		const compared = await Promise.race([read, late]);
		if (compared === "late") {
			read.catch(() => undefined);
			return { known: false, why: `The provider did not answer within ${withinMs / 1_000} s.` };
		}
		if (compared === null) return { known: false, why: "The provider does not know both commits." };
		return { known: true, ...shown(compared) };
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return { known: false, why: error.message };
	} finally {
		clearTimeout(timer);
	}
}

function shown({ ahead, behind, more, commits, url }: Comparison): ShownComparison {
	const authors = [...new Set(commits.flatMap(({ author, coAuthors = [] }) => [author, ...coAuthors]).map(called))];
	return {
		ahead,
		behind,
		more,
		commits: commits.slice(0, COMMITS).map(({ sha, title, author }) => ({
			sha,
			title: short(title),
			author: called(author),
		})),
		authors: authors.slice(0, AUTHORS),
		furtherAuthors: Math.max(0, authors.length - AUTHORS),
		url,
	};
}

function called({ name, bot }: CommitPerson): string {
	return bot === true ? `${short(name)} (a bot)` : short(name);
}

/** As it goes into the database and onto a card: Postgres holds no NUL in JSON. */
function short(text: string): string {
	const plain = text.replace(/[\p{Cc}\p{Cs}]+/gu, " ").trim();
	return plain.length <= LETTERS ? plain : `${[...plain].slice(0, LETTERS - 1).join("")}…`;
}
