import type { Finding } from "../../../ports/checkup.ts";
import { Badge } from "../bits.tsx";
import { Form } from "../layout.tsx";

const STATES: Record<Finding["state"], { readonly tone: "good" | "wait" | "bad"; readonly word: string }> = {
	ok: { tone: "good", word: "fine" },
	warning: { tone: "wait", word: "missing" },
	wrong: { tone: "bad", word: "wrong" },
};

/** What was looked at, what was found, and the two ways to look again. */
export function Checkup({
	page,
	findings,
	fixes,
}: {
	readonly page: string;
	readonly findings: readonly Finding[] | null;
	readonly fixes: boolean;
}) {
	return (
		<section class="card" aria-labelledby="check">
			<div class="head">
				<div>
					<h2 id="check">Check-up</h2>
					<p class="soft">
						{fixes
							? "Asks the provider: credentials and what they may, each project's repository and pipeline, and the webhook."
							: "Which runners wait for work, and whether they fit what its environments ask for."}
					</p>
				</div>
				<div class="buttons">
					<Form action={`${page}/-check`} inline>
						<button type="submit">Check it now</button>
					</Form>
					{fixes ? (
						<Form action={`${page}/-check`} inline>
							<input type="hidden" name="fix" value="yes" />
							<button type="submit">Set the webhooks up</button>
						</Form>
					) : null}
				</div>
			</div>
			{findings === null ? null : (
				<div role="status">
					<ul class="plain">
						{findings.map(({ check, state, found, mend }) => (
							<li key={`${check} ${found}`}>
								<Badge tone={STATES[state].tone}>{STATES[state].word}</Badge> <strong>{check}</strong>: {found}
								{mend === null ? null : (
									<>
										<br />
										<small>{mend}</small>
									</>
								)}
							</li>
						))}
					</ul>
				</div>
			)}
		</section>
	);
}
