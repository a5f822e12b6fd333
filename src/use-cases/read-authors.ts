import { done, type Outcome, refusal, refused } from "../core/refusal.ts";
import type { ResolvedRef } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Commit, Comparison } from "../ports/pipeline.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { ownersOf } from "../store/authors.ts";
import { succeededRuns } from "../store/runs.ts";
import type { Place } from "./catalog.ts";

/** Who wrote what is not live yet: persons by id, with the names that their commits carry. */
export type Authors = ReadonlyMap<string, string>;

const TRUST_THEM = "Otherwise an admin can set approvals.commitAuthors to true.";

/**
 * For policies that let no author approve (`approvals.commitAuthors: false`). Read afresh from the provider, and refused when it is not
 * certain who all of them are: whoever could not be matched might be the very person who approves.
 */
export async function readAuthors(deps: Deps, place: Place, ref: ResolvedRef): Promise<Outcome<Authors>> {
	const [live] = await succeededRuns(deps.db, place.environment.id, 1);
	if (live === undefined)
		return unreadable("nothing has been released here before, so there is nothing to compare with.");
	if (live.ref.sha === ref.sha) return done(new Map());
	let compared: Comparison | null;
	try {
		compared = await deps.pipelineOf(place.integration).compare(place.pipeline, live.ref.sha, ref.sha);
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return unreadable(`they could not be read. ${error.message}`, "Try again in a minute.");
	}
	if (compared === null) return unreadable("the provider does not know both commits.");
	if (compared.more || compared.commits.length < compared.ahead)
		return unreadable(
			`there are ${compared.ahead} commits${compared.more ? " or more" : ""}, and only ${compared.commits.length} of them can be read.`,
			"Release a version in between first.",
		);
	return match(deps, place, compared.commits);
}

async function match(deps: Deps, place: Place, commits: readonly Commit[]): Promise<Outcome<Authors>> {
	const lower = (values: readonly (string | null)[]) => [
		...new Set(values.flatMap((value) => (value === null ? [] : [value.toLowerCase()]))),
	];
	const owners = await ownersOf(deps.db, place.integration.id, {
		emails: lower(commits.map(({ author }) => author.email)),
		logins: lower(commits.map(({ author }) => author.login)),
	});
	const authors = new Map<string, string>();
	for (const { sha, author } of commits) {
		// A commit may say two things of its author: whoever either names is barred.
		const found = [
			owners.emails.get(author.email?.toLowerCase() ?? ""),
			owners.logins.get(author.login?.toLowerCase() ?? ""),
		].filter((id) => id !== undefined);
		if (found.length === 0) return unknownAuthor(place, sha, author);
		for (const id of found) authors.set(id, author.name);
	}
	return done(authors);
}

function unknownAuthor(place: Place, sha: string, author: Commit["author"]): Outcome<Authors> {
	const { name, email, login } = author;
	const called = [email, login === null ? null : `${login} at ${place.integration.slug}`].filter((one) => one !== null);
	const flag =
		login !== null ? `--login ${place.integration.slug}:${login}` : email !== null ? `--email ${email}` : null;
	return refused(
		refusal(
			"author_unknown",
			`No author of the commits may approve (commitAuthors: false), and nobody here is known as ${[name, ...called].join(", ")}, who wrote ${sha.slice(0, 8)}.`,
			flag === null
				? TRUST_THEM
				: `Ask an admin to say who that is, on the command line: draven person link <person> ${flag}. Somebody who has spoken here is known by their e-mail address too.`,
		),
	);
}

function unreadable(why: string, next = TRUST_THEM): Outcome<Authors> {
	return refused(
		refusal("authors_unreadable", `No author of the commits may approve (commitAuthors: false), and ${why}`, next),
	);
}
