import { isNobodys } from "../core/co-authors.ts";
import { done, type Outcome, refusal, refused } from "../core/refusal.ts";
import type { ResolvedRef } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Commit, CommitPerson, Comparison } from "../ports/pipeline.ts";
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
	try {
		return await authorsOf(deps, place, ref);
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return unreadable(`they could not be read. ${error.message}`, "Try again in a minute.");
	}
}

/** The same; throws VendorError when the provider cannot be asked. */
export async function authorsOf(deps: Deps, place: Place, ref: ResolvedRef): Promise<Outcome<Authors>> {
	const [live] = await succeededRuns(deps.db, place.environment.id, 1);
	if (live === undefined)
		return unreadable(
			"nothing has been released here before, so there is nothing to compare with.",
			`For the first release ask an admin to set approvals.commitAuthors to true in the policy ${place.environment.policy}, ask for it anew, and set it to false again once it is live.`,
		);
	if (live.ref.sha === ref.sha) return done(new Map());
	const compared: Comparison | null = await deps
		.pipelineOf(place.integration)
		.compare(place.pipeline, live.ref.sha, ref.sha);
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
	const hands = commits.flatMap(handsIn);
	const owners = await ownersOf(deps.db, place.integration.id, {
		emails: lower(hands.map(({ person }) => person.email)),
		logins: lower(hands.map(({ person }) => person.login)),
	});
	const authors = new Map<string, string>();
	for (const { sha, person, had } of hands) {
		// A commit may say two things of a person: whoever either names is barred.
		const found = [
			owners.emails.get(person.email?.toLowerCase() ?? ""),
			owners.logins.get(person.login?.toLowerCase() ?? ""),
		].filter((id) => id !== undefined);
		if (found.length === 0) return unknownAuthor(place, { sha, person, had });
		for (const id of found) authors.set(id, person.name);
	}
	return done(authors);
}

interface Hand {
	readonly sha: string;
	readonly person: CommitPerson;
	readonly had: "wrote" | "co-wrote" | "committed";
}

/** Everybody who had a hand in a commit. A program approves nothing, so nobody has to be known as it. */
function handsIn({ sha, author, coAuthors = [], committer = null }: Commit): Hand[] {
	const hands: Hand[] = [
		{ sha, person: author, had: "wrote" },
		...coAuthors.map((person) => ({ sha, person, had: "co-wrote" }) as const),
		...(committer === null ? [] : [{ sha, person: committer, had: "committed" } as const]),
	];
	return hands.filter(({ person, had }) => person.bot !== true && !(had !== "wrote" && isNobodys(person.email)));
}

function unknownAuthor(place: Place, { sha, person, had }: Hand): Outcome<Authors> {
	const { name, email, login } = person;
	const called = [email, login === null ? null : `${login} at ${place.integration.slug}`].filter((one) => one !== null);
	const flag =
		login !== null ? `--login ${place.integration.slug}:${login}` : email !== null ? `--email ${email}` : null;
	return refused(
		refusal(
			"author_unknown",
			`No author of the commits may approve (commitAuthors: false), and nobody here is known as ${[name, ...called].join(", ")}, who ${had} ${sha.slice(0, 8)}.`,
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
