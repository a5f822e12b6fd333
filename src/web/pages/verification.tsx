import { isAtWork, type Verification } from "../../use-cases/verify-trail.ts";
import { Time } from "./bits.tsx";

/** How the last look at the whole trail stands; it follows one that is at work. */
export function VerificationNotice({ one, now }: { readonly one: Verification; readonly now: Date }) {
	const { state, rows, total, startedAt } = one;
	if (isAtWork(one, now))
		return (
			<div class="notice" role="status" hx-get="/audit/verification" hx-trigger="every 2s" hx-swap="outerMorph">
				<p>
					{`The trail is being verified: ${count(rows)} of ${count(Math.max(rows, total))} entries. It goes on when you leave this page.`}
				</p>
				<progress max={Math.max(rows, total, 1)} value={rows} aria-label="Entries that were looked at" />
			</div>
		);
	if (state !== "done")
		return (
			<p class="notice bad" role="status">
				{"The trail was not verified to its end: the look that began at "}
				<Time at={new Date(startedAt)} />
				{" was broken off. Verify it again; if it stays, `draven audit verify` says why."}
			</p>
		);
	return <Result one={one} />;
}

function Result({ one: { rows, chains, checkpoints, found, findings, startedAt } }: { readonly one: Verification }) {
	const seen = `${count(rows)} entries in ${chains} ${chains === 1 ? "chain" : "chains"}, ${checkpoints ?? "no"} checkpoints`;
	if (found === 0)
		return (
			<p class="notice good" role="status">
				{`The audit trail is whole: ${seen}, at `}
				<Time at={new Date(startedAt)} />.
			</p>
		);
	return (
		<div class="notice bad" role="status">
			<p>
				<strong>{`The audit trail was tampered with (${seen}), as seen at `}</strong>
				<Time at={new Date(startedAt)} />.
			</p>
			<ul>
				{findings.map(({ chain, seq, problem, detail }) => (
					<li key={`${chain} ${seq} ${problem} ${detail}`}>
						{`${chain === "" ? "" : `chain ${chain}, row ${seq}, `}${problem}: ${detail}`}
					</li>
				))}
			</ul>
			{found > findings.length ? (
				<p>{`And ${count(found - findings.length)} more: \`draven audit verify\` names them all.`}</p>
			) : null}
		</div>
	);
}

const count = (n: number) => n.toLocaleString("en");
