import type { Action, Denied, Holders, Reach } from "../core/access.ts";
import type { PersonLock } from "../core/person-lock.ts";
import { type Refusal, refusal } from "../core/refusal.ts";
import type { ResolvedRef, Run, RunType } from "../core/run.ts";
import type { Verdict } from "../core/verdict.ts";
import type { Card, CardBlock, Rich } from "../ports/chat.ts";
import { holderWords } from "./holder-words.ts";
import { card, plain, plainTime } from "./rich.ts";
import { statePhrase } from "./state-label.ts";

interface Scope {
	readonly project: string;
	readonly environment: string;
}

/** What one may not do, in the words of "You may not …". */
const ACTIONS: Record<Action, string> = {
	view: "look at runs of",
	deploy: "deploy to",
	dry_run: "dry-run on",
	rollback: "roll back",
	cancel_own: "cancel runs on",
	cancel_any: "cancel somebody else's run on",
	nudge: "nudge somebody else's run on",
	lock: "lock or unlock",
	steal_lock: "take somebody else's lock on",
	unlock_other: "unlock somebody else's lock on",
	freeze: "freeze or unfreeze",
	approve: "approve runs on",
	reject: "reject runs on",
	configure: "change the configuration of",
};

/** Where a token holds. */
export function reachWords({ projects, environments }: Reach): string {
	return `the projects ${projects.join(", ")} and the environments ${environments.join(", ")}`;
}

export function rightRefusal(action: Action, scope: Scope, denied: Denied): Refusal {
	const everywhere = scope.project === "*" && scope.environment === "*";
	const place = everywhere ? "everything" : `${scope.project}/${scope.environment}`;
	const doing = `You may not ${ACTIONS[action]} ${place}`;
	switch (denied.code) {
		case "no_right":
			return refusal(
				"no_right",
				`${doing}: it takes the role ${denied.missing}.`,
				"An admin can give it to you.",
				[],
				denied.holders,
			);
		case "outsider":
			return refusal(
				"outsider",
				`${doing}: guests and people of other workspaces may look, and nothing more.`,
				`Ask a member of this workspace who has the role ${denied.missing}.`,
				[],
				denied.holders,
			);
		case "groups_unreadable":
			return refusal(
				"groups_unreadable",
				`${doing} right now: your groups could not be read, and without them nobody has the role ${denied.missing}.`,
				"Nothing was changed. Try again in a minute; if it stays, ask an admin to run `draven doctor`.",
			);
		case "token_scope":
			return refusal(
				"token_scope",
				`${doing}: this token holds for ${reachWords(denied.reach)}.`,
				"Use a token that holds there (`draven token create --projects … --environments …`).",
			);
		default:
			return denied satisfies never;
	}
}

/** The refused rules of a verdict in one sentence. */
export function verdictSentence(verdict: Verdict): string {
	return verdict.rules
		.filter((rule) => rule.outcome === "refused")
		.map((rule) => rule.reason)
		.join(" ");
}

export function verdictRefusal(
	place: { readonly project: { readonly slug: string }; readonly environment: { readonly slug: string } },
	type: RunType,
	ref: ResolvedRef,
	verdict: Verdict,
): Refusal {
	// Who asked for force wants to know first why it does not help.
	const bad = verdict.rules
		.filter((rule) => rule.outcome === "refused")
		.sort((a, b) => Number(b.rule === "force") - Number(a.rule === "force"));
	const what = type === "rollback" ? "A rollback" : type === "dry-run" ? "A dry-run" : "A deploy";
	return refusal(
		bad[0]?.code ?? "refused",
		`${what} of ${place.project.slug}@${ref.name} to ${place.environment.slug} is not allowed. ${verdictSentence(verdict)}`,
		bad.flatMap((rule) => (rule.remedy === null ? [] : [rule.remedy])).join(" ") || null,
	);
}

/** `dropped`: names of those who approved and turned out to be one person with the requester or another approver. */
export function approvalsMissing(missing: number, dropped: readonly string[]): string {
	const why =
		dropped.length === 0
			? ""
			: ` That of ${dropped.join(" and ")} no longer counts: they are one person with the requester or with another approver, or have a hand in a commit that is not live by now.`;
	return `It needs ${missing} more approval${missing === 1 ? "" : "s"} by now.${why} Ask for it anew.`;
}

export function endedRefusal(run: Run): Refusal {
	const { state } = run.progress;
	return refusal(
		"not_possible_now",
		`#${run.number} ${statePhrase(state)}; nothing was changed.`,
		"Look how it stands.",
		[{ label: `Show #${run.number}`, command: `show #${run.number}` }],
	);
}

/** `approvers`: who can decide instead. */
export function approvalRefusal(code: string, run: Run, approvers: Holders): Refusal {
	switch (code) {
		case "self_approval":
			return refusal(
				"self_approval",
				`You asked for #${run.number} yourself, and nobody approves what they asked for.`,
				"Somebody else with the role approver has to approve it.",
				[],
				approvers,
			);
		case "author_approval":
			return refusal(
				"author_approval",
				`You wrote a commit of #${run.number}, and the policy lets no author approve (commitAuthors: false).`,
				"Somebody else with the role approver has to approve it.",
				[],
				approvers,
			);
		case "already_decided":
			return refusal("already_decided", `You have decided on #${run.number} already.`, "The first decision counts.");
		default:
			return refusal(
				"not_possible_now",
				`#${run.number} ${statePhrase(run.progress.state)}, and only what waits for approval can be decided.`,
				`deploy show #${run.number} tells how it stands.`,
			);
	}
}

/** "Ada (hotfix), until …" */
export function heldBy(lock: PersonLock): string {
	const why = lock.reason === null ? "" : ` (${lock.reason})`;
	return `${lock.person.name}${why}${lock.until === null ? "" : ` until ${plainTime(lock.until)}`}`;
}

/** Letters; Slack takes 75. */
const LONGEST_LABEL = 70;

/** Who can help, and what to do next. */
function nextWords({ helpers, next }: Refusal): Rich {
	const who: Rich = helpers === null ? [] : ["Who can help: ", ...holderWords(helpers), "."];
	if (next === null) return who;
	return who.length === 0 ? [next] : [...who, ` ${next}`];
}

/** The whole of a refusal in one paragraph. */
export function refusalRich(no: Refusal): Rich {
	const next = nextWords(no);
	return next.length === 0 ? [no.message] : [no.message, " ", ...next];
}

/** A refusal where there are no cards. */
export function refusalText(no: Refusal): string {
	return plain(refusalRich(no));
}

/** What a person reads when the answer is no. */
export function refusalCard(no: Refusal): Card {
	const blocks: CardBlock[] = [{ kind: "text", text: [no.message] }];
	const next = nextWords(no);
	if (next.length > 0) blocks.push({ kind: "small", text: next });
	if (no.suggestions.length > 0)
		blocks.push({
			kind: "actions",
			actions: no.suggestions.slice(0, 5).map(({ label, command }) => ({
				kind: "command",
				// What a click does stands on the button, where it fits.
				label: command.length <= LONGEST_LABEL ? command : label,
				command,
				spoken: `Run the command: ${command}`,
			})),
		});
	return card(...blocks);
}
