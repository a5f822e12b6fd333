import { formatDuration } from "../../../core/duration.ts";
import type { EffectivePolicy } from "../../../core/policy.ts";

/** A policy with every default filled in, rule by rule, as people say it. */
export function EffectiveRules({ policy }: { readonly policy: EffectivePolicy }) {
	return (
		<dl class="facts">
			{spoken(policy).map(([label, value]) => [<dt key={`${label} name`}>{label}</dt>, <dd key={label}>{value}</dd>])}
		</dl>
	);
}

const yes = (value: boolean, word: string) => (value ? word : `no ${word}`);
const many = (approvals: number) => (approvals === 1 ? "1 approval" : `${approvals || "no"} approvals`);

function spoken(policy: EffectivePolicy): readonly (readonly [string, string])[] {
	const { refs, approvals, ci, windows, freezes, promotion, rollback, force, dryRun, parameters, queue, timeouts } =
		policy;
	const list = (what: string, globs: readonly string[]) =>
		globs.length === 0 ? `no ${what}` : `${what} ${globs.join(", ")}`;
	return [
		["Refs", [list("branches", refs.branches), list("tags", refs.tags), yes(refs.shas, "single commits")].join("; ")],
		[
			"Approvals",
			[
				many(approvals.required),
				approvals.self ? "also by whoever asked" : "not by whoever asked",
				approvals.commitAuthors ? "also by authors" : "not by authors",
				`asked for they are over after ${formatDuration(approvals.expiresAfter)}`,
				...(approvals.holdsQueue ? ["keeps its place in the queue"] : []),
			].join("; "),
		],
		[
			"CI",
			ci.mode === "off" ? "not looked at" : ci.checks === null ? "all checks green" : `green: ${ci.checks.join(", ")}`,
		],
		[
			"Windows",
			windows === null
				? "at any time"
				: `${windows.allow.map(({ days, from, to }) => `${days.join(" ")} ${from}–${to}`).join("; ")} (${windows.timezone})`,
		],
		[
			"Freezes",
			freezes.length === 0
				? "none"
				: freezes.map((one) => `${one.from} to ${one.until} (${one.timezone}), ${one.mode}: ${one.reason}`).join("; "),
		],
		[
			"Promotion",
			promotion === null ? "not asked for" : `from ${promotion.from}, after ${formatDuration(promotion.soak)} there`,
		],
		[
			"Rollback",
			rollback.enabled
				? [
						many(rollback.approvals),
						rollback.ignoresWindows ? "at any time" : "within the windows",
						rollback.locksAfter ? "locks the environment after it" : "leaves it unlocked",
					].join("; ")
				: "not allowed",
		],
		[
			"Force",
			force.enabled
				? `by the role ${force.role}; sets aside ${force.waives.join(", ") || "nothing"}; reviewed within ${formatDuration(force.reviewWithin)}`
				: "not allowed",
		],
		["Dry-run", dryRun.enabled ? many(dryRun.approvals) : "not allowed"],
		[
			"Parameters",
			Object.entries(parameters)
				.map(([name, one]) => `${name} (${one.type === "choice" ? one.options.join(" or ") : one.type})`)
				.join(", ") || "none",
		],
		["Queue", `${queue.limit} may wait`],
		[
			"Time",
			`waits ${formatDuration(timeouts.queue)}, starts within ${formatDuration(timeouts.start)}, runs ${formatDuration(timeouts.run)} at most`,
		],
	];
}
