import { In } from "typeorm";
import type { Holders, Subject } from "../core/access.ts";
import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Inline, Platform, Rich } from "../ports/chat.ts";
import { sameHuman } from "../store/accounts.ts";
import { approvalsOf } from "../store/approvals.ts";
import { IdentityTable } from "../store/entities.ts";
import { holderWords } from "../words/holder-words.ts";
import { approversOf } from "./approvers.ts";
import { type Place, placeById } from "./catalog.ts";
import { letsDecideOwn } from "./home-of.ts";

/**
 * Calls on those who can approve a run that waits for it, so that the platform notifies them; empty when it does not wait (any more). It
 * belongs into a message that is posted once: an edit would notify nobody, or everybody again.
 */
export async function callApprovers(deps: Deps, run: Run, platform: Platform): Promise<Rich> {
	if (run.progress.state !== "waiting_approval") return [];
	const place = await placeById(deps.db.manager, run.environmentId);
	const holders = await canDecide(deps, place, run);
	const subjects = await asKnownOn(deps, platform, holders.subjects);
	// The groups of another platform say nothing here, unless nobody else can.
	const here = subjects.filter((subject) => !isElsewhere(subject, platform));
	const left = await accountsOn(deps, platform, await cannotDecide(deps, place, run));
	const words = holderWords({ ...holders, subjects: here.length > 0 ? here : subjects });
	return [" Who can: ", ...words.map((part) => callOn(part, left)), "."];
}

/** Members of a group that is called on are told to decide; who cannot is not. */
function callOn(part: Inline, except: readonly string[]): Inline {
	if (typeof part === "string" || !("mention" in part) || part.mention.kind !== "group") return part;
	return { mention: { ...part.mention, except } };
}

/** The accounts of persons on a platform. */
export async function accountsOn(
	deps: Deps,
	platform: Platform,
	persons: ReadonlySet<string>,
): Promise<readonly string[]> {
	if (persons.size === 0) return [];
	const accounts = await deps.db.getRepository(IdentityTable).findBy({ platform, personId: In([...persons]) });
	return accounts.map(({ externalId }) => externalId);
}

/** Who can still approve a run: not who asked for it, unless the policy lets them, and not who has approved it. */
export async function canDecide(deps: Deps, place: Place, run: Run): Promise<Holders> {
	return approversOf(deps.db.manager, place, await cannotDecide(deps, place, run), false);
}

async function cannotDecide(deps: Deps, place: Place, run: Run): Promise<ReadonlySet<string>> {
	const own = await letsDecideOwn(deps, place);
	const except = own ? [] : await sameHuman(deps.db, run.requestedBy.id, run.createdAt);
	const decided = (await approvalsOf(deps.db, run.id)).map(({ person }) => person.id);
	return new Set([...except, ...decided]);
}

function isElsewhere(subject: Subject, platform: Platform): boolean {
	const slack = "slackGroup" in subject || "slackUser" in subject;
	const teams = "entraGroup" in subject || "entraUser" in subject;
	return (slack && platform !== "slack") || (teams && platform !== "teams");
}

/** Who is named by an address is called by their account there. */
export async function asKnownOn(deps: Deps, platform: Platform, subjects: readonly Subject[]): Promise<Subject[]> {
	const emails = subjects.flatMap((subject) => ("email" in subject ? [subject.email.toLowerCase()] : []));
	const accounts =
		emails.length === 0 ? [] : await deps.db.getRepository(IdentityTable).findBy({ platform, email: In(emails) });
	return subjects.map((subject) => {
		const email = "email" in subject ? subject.email.toLowerCase() : null;
		const user = email === null ? undefined : accounts.find((account) => account.email === email)?.externalId;
		if (user === undefined) return subject;
		return platform === "slack" ? { slackUser: user } : platform === "teams" ? { entraUser: user } : subject;
	});
}
