import type { EntityManager } from "typeorm";
import { type AuditAction, type AuditEntry, SYSTEM_ACTOR } from "../core/audit-entry.ts";
import { EVERYWHERE, type FreezeScope, freezesAt, type HandFreeze, scopeText, takes } from "../core/freeze.ts";
import { resolveUntil, type Until } from "../core/freeze-until.ts";
import { done, type Outcome, type Refusal, refusal, refused } from "../core/refusal.ts";
import { releasesAgain } from "../core/rules/releases-again.ts";
import type { Deps } from "../deps.ts";
import { holdChain, SYSTEM_CHAIN, writeTrail } from "../store/change.ts";
import { PolicyTable } from "../store/entities.ts";
import { freezeNamed, freezesOn, putFreeze, removeFreeze, storedFreeze } from "../store/freezes.ts";
import type { JobDraft } from "../store/jobs.ts";
import { freezeWords, frozenNotice, unfrozenNotice } from "../words/freeze-words.ts";
import { readPolicy } from "./catalog.ts";
import { channelNotices, frozenCards } from "./chat-jobs.ts";
import { checkRight } from "./check-right.ts";
import { type FrozenPlace, placesTaken, zoneOf } from "./freeze-places.ts";
import { actorOf, type Caller } from "./identify.ts";
import { sees } from "./sight.ts";

type Reader = Pick<EntityManager, "getRepository" | "query">;

export interface FreezeAsked {
	readonly scope: FreezeScope;
	/** null: as it was said before, else until it is lifted. */
	readonly until: Until | null;
	readonly reason: string;
}

export interface Frozen {
	readonly freeze: HandFreeze;
	/** What was said of this scope before. */
	readonly before: HandFreeze | null;
	readonly places: readonly FrozenPlace[];
	/** The zone that its end was read in. */
	readonly zone: string;
}

/**
 * Stops releases to all that a scope takes, which the role admin may whose own scope covers it. It is one row, whatever it takes: each
 * start looks at it (see GATE in the store), so no environment has to be held.
 */
export async function freezeReleases(deps: Deps, caller: Caller, asked: FreezeAsked): Promise<Outcome<Frozen>> {
	const { scope, reason } = asked;
	const outcome = await deps.db.transaction(async (tx): Promise<Outcome<Frozen>> => {
		const held = await holdChain(tx, SYSTEM_CHAIN);
		const now = deps.now();
		const context = { tx, auditKey: deps.auditKey, held, now };
		const no = checkRight(caller, "freeze", placeOf(scope));
		if (no !== null) {
			await writeTrail(context, [refusedEntry(caller, scope, "freeze", no, now)]);
			return refused(no);
		}
		const places = await placesTaken(tx, scope);
		const zone = await zoneOf(tx, places, asked.until);
		const before = await freezeNamed(tx, scope, now);
		const end = asked.until === null ? (before?.until ?? null) : resolveUntil(asked.until, now, zone);
		if (typeof end === "string")
			return refused(refusal("bad_time", `${end} It was read in ${zone}.`, "Nothing was frozen. Say another time."));
		const freeze: HandFreeze = { ...scope, person: caller.person, reason, until: end, createdAt: now };
		await putFreeze(tx, freeze);
		const expiry: JobDraft[] = end === null ? [] : [{ kind: "freeze_expiry", payload: scope, runAt: end }];
		const entry = entryOf(scope, "freeze.set", actorOf(caller), now, {
			...shown(freeze),
			environments: places.length,
			...(before === null ? {} : { before: shown(before) }),
		});
		const notices = channelNotices(places, (some) => frozenNotice(freeze, some, zone), caller.person.id);
		await writeTrail(context, [entry], [...expiry, ...notices, ...(await frozenCards(tx, places))]);
		return done({ freeze, before, places, zone });
	});
	deps.wake();
	return outcome;
}

export interface Lifted {
	readonly freeze: HandFreeze;
	/** What still holds somewhere in its scope. */
	readonly still: readonly HandFreeze[];
}

export async function liftFreeze(deps: Deps, caller: Caller, scope: FreezeScope): Promise<Outcome<Lifted>> {
	const outcome = await deps.db.transaction(async (tx): Promise<Outcome<Lifted>> => {
		const held = await holdChain(tx, SYSTEM_CHAIN);
		const now = deps.now();
		const context = { tx, auditKey: deps.auditKey, held, now };
		const no = checkRight(caller, "freeze", placeOf(scope));
		if (no !== null) {
			await writeTrail(context, [refusedEntry(caller, scope, "unfreeze", no, now)]);
			return refused(no);
		}
		const freeze = await freezeNamed(tx, scope, now);
		if (freeze === null) return refused(notFrozen(scope, await freezesSeen(tx, caller, now)));
		await removeFreeze(tx, scope);
		const { still, notices } = await freed(tx, freeze, caller.person, now);
		const entry = entryOf(scope, "freeze.lifted", actorOf(caller), now, shown(freeze));
		await writeTrail(context, [entry], notices);
		return done({ freeze, still });
	});
	deps.wake();
	return outcome;
}

/** Ends a freeze whose time is over. It is looked at again when it was made longer meanwhile. */
export async function expireFreeze(deps: Deps, scope: FreezeScope): Promise<{ readonly again: Date } | "done"> {
	const handled = await deps.db.transaction(async (tx): Promise<{ readonly again: Date } | "done"> => {
		const held = await holdChain(tx, SYSTEM_CHAIN);
		const now = deps.now();
		const freeze = await storedFreeze(tx, scope);
		if (freeze === null || freeze.until === null) return "done";
		if (freeze.until > now) return { again: freeze.until };
		await removeFreeze(tx, scope);
		const { notices } = await freed(tx, freeze, null, now);
		const entry = entryOf(scope, "freeze.expired", SYSTEM_ACTOR, now, shown(freeze));
		await writeTrail({ tx, auditKey: deps.auditKey, held, now }, [entry], notices);
		return "done";
	});
	deps.wake();
	return handled;
}

/** What is frozen, as far as somebody sees: a token no further than it reaches. */
export async function freezesSeen(tx: Reader, caller: Caller, now: Date): Promise<HandFreeze[]> {
	const all = await freezesOn(tx, now);
	if (caller.principal.tokenReach === undefined) return all;
	const places = (await placesTaken(tx, EVERYWHERE)).filter((place) => sees(caller, place));
	return all.filter((freeze) => places.some((place) => takes(freeze, place)));
}

/** Tells the channels of what may go again, and what still stops it. */
async function freed(tx: EntityManager, freeze: HandFreeze, by: Caller["person"] | null, now: Date) {
	const places = await placesTaken(tx, freeze);
	const all = await freezesOn(tx, now);
	const still = all.filter((one) => places.some((place) => takes(one, place)));
	const policies = await tx.getRepository(PolicyTable).find();
	const againAt = (place: FrozenPlace) => {
		const read = readPolicy(place.policy, policies);
		return releasesAgain(read.ok ? read.policy : null, freezesAt(all, place, now), now);
	};
	const stillBy = (place: FrozenPlace) => freezesAt(all, place, now)[0] ?? null;
	const told = (some: readonly FrozenPlace[]) => unfrozenNotice(freeze, by?.name ?? null, some, stillBy, againAt, now);
	const notices = channelNotices(places, told, by?.id ?? freeze.person.id);
	return { still, notices: [...notices, ...(await frozenCards(tx, places))] };
}

/** What is asked for is not there: then what is frozen is told, first what covers it. */
function notFrozen(scope: FreezeScope, all: readonly HandFreeze[]): Refusal {
	const place = { project: scope.projects, environment: scope.environments };
	const [around, others] = [all.filter((one) => takes(one, place)), all.filter((one) => !takes(one, place))];
	const listed = [...around, ...others].slice(0, 5);
	const is = listed.length === 0 ? "Nothing is frozen by hand." : `Frozen: ${listed.map(freezeWords).join("; ")}.`;
	return refusal(
		"unknown_freeze",
		`There is no freeze of ${scopeText(scope)} by hand. ${is}`,
		around.length === 0 ? null : "A wider freeze is lifted as it was set, for all that it takes.",
		listed.map((one) => ({ label: scopeText(one), command: `unfreeze ${scopeText(one)}` })),
	);
}

const placeOf = ({ projects, environments }: FreezeScope) => ({
	project: { slug: projects },
	environment: { slug: environments },
});

function shown({ person, reason, until }: HandFreeze) {
	return { person, reason, until: until?.toISOString() ?? null };
}

function refusedEntry(
	caller: Caller,
	scope: FreezeScope,
	asked: "freeze" | "unfreeze",
	{ code, message }: Refusal,
	now: Date,
): AuditEntry {
	return entryOf(scope, "freeze.refused", actorOf(caller), now, { asked, code, message });
}

/** An entry is found under its project and environment where the scope names them. */
function entryOf(
	scope: FreezeScope,
	action: AuditAction,
	actor: AuditEntry["actor"],
	now: Date,
	data: AuditEntry["data"],
): AuditEntry {
	const named = (glob: string) => (/[*?[\]{}]/.test(glob) ? null : glob);
	return {
		atMs: now.getTime(),
		action,
		actor,
		project: named(scope.projects),
		environment: named(scope.environments),
		runId: null,
		run: null,
		data: { scope: scopeText(scope), ...data },
	};
}
