import type { RuleOutcome, Verdict } from "../../core/verdict.ts";
import { Badge } from "./bits.tsx";

const OUTCOMES: Record<RuleOutcome, { readonly tone: "good" | "bad" | "wait" | ""; readonly word: string }> = {
	holds: { tone: "good", word: "holds" },
	refused: { tone: "bad", word: "refused" },
	waived: { tone: "wait", word: "set aside" },
	not_applicable: { tone: "", word: "not asked for" },
};

/** Every rule of a run's policy, with what it looked at. */
export function VerdictTree({ verdict }: { readonly verdict: Verdict }) {
	const idle = verdict.rules.filter((rule) => rule.outcome === "not_applicable");
	return (
		<section class="card" aria-labelledby="verdict">
			<h2 id="verdict">What its policy said</h2>
			<ul class="plain">
				{verdict.rules
					.filter((rule) => !idle.includes(rule))
					.map((rule) => (
						<Rule key={rule.rule} rule={rule} />
					))}
			</ul>
			{idle.length === 0 ? null : (
				<details>
					<summary>{`${idle.length} rules that it does not ask for`}</summary>
					<ul class="plain">
						{idle.map((rule) => (
							<Rule key={rule.rule} rule={rule} />
						))}
					</ul>
				</details>
			)}
		</section>
	);
}

function Rule({ rule: { rule, outcome, reason, remedy, children } }: { readonly rule: Verdict["rules"][number] }) {
	return (
		<li>
			<strong>{rule}</strong> <Badge tone={OUTCOMES[outcome].tone}>{OUTCOMES[outcome].word}</Badge>
			<br />
			<small>
				{reason} {remedy}
			</small>
			{children.length === 0 ? null : (
				<details>
					<summary>{`${children.length} looked at`}</summary>
					<ul>
						{children.map((child) => (
							<li key={child.name}>
								{child.holds ? "✓" : "✕"} {child.name}: {child.reason}
							</li>
						))}
					</ul>
				</details>
			)}
		</li>
	);
}
