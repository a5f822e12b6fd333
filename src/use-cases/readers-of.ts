import type { Run } from "../core/run.ts";
import type { Deps } from "../deps.ts";
import type { Mention, Platform } from "../ports/chat.ts";
import { approvalsOf } from "../store/approvals.ts";
import { holderWords } from "../words/holder-words.ts";
import { accountsOn, asKnownOn, canDecide } from "./call-approvers.ts";
import { placeById } from "./catalog.ts";

/**
 * Who sees a run's card in their own way while it waits for approval, for platforms that show it so: who may approve it, who asked for it and
 * who has decided. One by one first, then by their groups, of which there may be more than a platform takes.
 */
export async function readersOf(deps: Deps, run: Run, platform: Platform): Promise<readonly Mention[]> {
	if (platform !== "teams" || run.progress.state !== "waiting_approval") return [];
	const holders = await canDecide(deps, await placeById(deps.db.manager, run.environmentId), run);
	const subjects = await asKnownOn(deps, platform, holders.subjects);
	const approvers = holderWords({ ...holders, subjects }).flatMap((part) =>
		typeof part !== "string" && "mention" in part && part.mention.platform === platform ? [part.mention] : [],
	);
	const decided = (await approvalsOf(deps.db, run.id)).map(({ person }) => person.id);
	const accounts = await accountsOn(deps, platform, new Set([run.requestedBy.id, ...decided]));
	const others = accounts.map((id): Mention => ({ platform, kind: "user", id, name: id }));
	const byGroup = approvers.filter(({ kind }) => kind === "group");
	return [...approvers.filter(({ kind }) => kind === "user"), ...others, ...byGroup];
}
