import type { Run } from "../core/run.ts";
import { sameHuman } from "../store/accounts.ts";
import { approvalsOf } from "../store/approvals.ts";
import type { Sql } from "../store/runs.ts";

/**
 * How many humans approved this very fingerprint, the requester left out unless the policy lets them approve (SPEC promise 2). Who is
 * the same human as whom is looked at anew: it may have become known since they decided. `barred`: persons whose approval does not count.
 */
export async function countApprovals(
	sql: Sql,
	run: Run,
	{ self }: { readonly self: boolean },
	barred: ReadonlySet<string> = new Set(),
): Promise<{ readonly counted: number; readonly dropped: readonly string[] }> {
	const given = await approvalsOf(sql, run.id);
	const valid = given.filter((one) => one.decision === "approved" && one.fingerprint === run.fingerprint);
	const counted = new Set<string>();
	const dropped: string[] = [];
	for (const { person } of valid) {
		const human = await sameHuman(sql, person.id, run.createdAt);
		const again = [...human].some((id) => counted.has(id));
		const wrote = [...human].some((id) => barred.has(id));
		if (again || wrote || (human.has(run.requestedBy.id) && !self)) dropped.push(person.name);
		else counted.add(person.id);
	}
	return { counted: counted.size, dropped };
}
