import { type HandFreeze, scopeText } from "../../../core/freeze.ts";
import { placesIn, readScope, scopeNamed } from "../../../core/freeze-scope.ts";
import { readEnd, UNTIL_FORMS } from "../../../core/freeze-until.ts";
import { freezesOn } from "../../../store/freezes.ts";
import { knownNames } from "../../../use-cases/catalog.ts";
import { freezeReleases, liftFreeze } from "../../../use-cases/freeze-releases.ts";
import { placesWords } from "../../../words/freeze-words.ts";
import { plainTime } from "../../../words/rich.ts";
import { Badge, Time } from "../bits.tsx";
import { Form } from "../layout.tsx";
import { doneAt, type PageCall, type PageReply, type PageRoute, refusedAt } from "../page.tsx";
import { type Draft, DraftForm, draftOf, sent, TextField } from "./fields.tsx";
import { adminPage, Head } from "./frame.tsx";
import { statusOf } from "./projects.tsx";

const LIST = "/admin/freezes";

export const freezePages: readonly PageRoute[] = [
	{ method: "GET", path: LIST, admin: true, handle: (call) => list(call, null) },
	{ method: "POST", path: LIST, admin: true, handle: freeze },
	{ method: "POST", path: `${LIST}/-lift`, admin: true, handle: lift },
];

async function freeze(call: PageCall): Promise<PageReply> {
	const { deps, caller, form } = call;
	const values = sent(form, ["scope", "until", "reason"]);
	const wrong = (path: string, message: string) =>
		list(call, { values, trouble: null, problems: [{ path: [path], message }] });
	const reading = readScope((values["scope"] ?? "").trim(), await knownNames(deps.db.manager));
	if (!reading.ok)
		return wrong(
			"scope",
			reading.code === "bad_scope" ? `has to be project/environment, or *` : "takes no environment that there is",
		);
	const end = (values["until"] ?? "").trim();
	const until = end === "" ? null : readEnd(end);
	if (end !== "" && until === null) return wrong("until", `is no time: write ${UNTIL_FORMS}, or how long, such as 2h`);
	const reason = (values["reason"] ?? "").replace(/\s+/g, " ").trim().slice(0, 1_000);
	if (reason === "") return wrong("reason", "has to be said: everybody whom it stops will read it");
	const outcome = await freezeReleases(deps, caller, { scope: reading.scope, until, reason });
	if (!outcome.ok) {
		const { message, next } = outcome.refusal;
		return list(call, { values, problems: [], trouble: next === null ? message : `${message} ${next}` });
	}
	const set = outcome.value.freeze;
	const how = set.until === null ? "until it is lifted" : `until ${plainTime(set.until)}`;
	return doneAt(LIST, `${scopeText(set)} is frozen ${how}.`);
}

async function lift({ deps, caller, form }: PageCall): Promise<PageReply> {
	const scope = scopeNamed(form["scope"] ?? "");
	if (scope === null) return { kind: "go", to: LIST, said: { kind: "bad", text: "That is no freeze." } };
	const outcome = await liftFreeze(deps, caller, scope);
	return outcome.ok ? doneAt(LIST, `${scopeText(scope)} is no longer frozen.`) : refusedAt(LIST, outcome.refusal);
}

async function list({ deps }: PageCall, draft: Draft | null): Promise<PageReply> {
	const freezes = await freezesOn(deps.db, deps.now());
	const known = await knownNames(deps.db.manager);
	const places = placesIn({ projects: "*", environments: "*" }, known);
	const scopes = new Set([
		"*",
		...places.map(({ environment }) => `*/${environment}`),
		...places.map(({ project, environment }) => `${project}/${environment}`),
	]);
	const content = (
		<>
			<Head
				title="Freezes"
				says="Releases that are stopped by hand. Freezes by rule, such as over the holidays, stand in the policies."
			/>
			<div class="split">
				<div data-live hx-get={LIST} hx-select="[data-live]" hx-trigger="draven:changed" hx-swap="outerMorph">
					{freezes.length === 0 ? (
						<div class="card empty">Nothing is frozen by hand.</div>
					) : (
						freezes.map((one) => <Frozen key={scopeText(one)} one={one} takes={placesWords(placesIn(one, known))} />)
					)}
				</div>
				<aside class="card">
					<h2>Stop releases</h2>
					<DraftForm action={LIST} draft={draft ?? draftOf({ scope: "", until: "", reason: "" })}>
						<TextField
							name="scope"
							label="Scope"
							placeholder="*/production"
							suggestions="freeze-scopes"
							required
							hint="project/environment, where * stands for any. * alone is everywhere."
						/>
						<datalist id="freeze-scopes">
							{[...scopes].slice(0, 200).map((scope) => (
								<option key={scope} value={scope} />
							))}
						</datalist>
						<TextField
							name="until"
							label="Until"
							placeholder="friday 09:00"
							hint={`${UNTIL_FORMS}, or how long: 2h. By the clock that the policies there name, else UTC. Empty: until it is lifted.`}
						/>
						<TextField name="reason" label="Reason" required hint="Everybody whom it stops reads it." />
						<button class="primary" type="submit">
							Freeze
						</button>
					</DraftForm>
				</aside>
			</div>
		</>
	);
	return adminPage("freezes", "Freezes", content, statusOf(draft));
}

function Frozen({ one, takes }: { readonly one: HandFreeze; readonly takes: string }) {
	const scope = scopeText(one);
	return (
		<article class="card env">
			<header>
				<h2>{scope === "*" ? "* (everything)" : scope}</h2>
				<Badge tone="wait">frozen</Badge>
			</header>
			<p>
				<strong>{one.person.name}</strong>: {one.reason}
				<br />
				<small>
					Since <Time at={one.createdAt} />
					{one.until === null ? (
						", until it is lifted"
					) : (
						<>
							, until <Time at={one.until} />
						</>
					)}
				</small>
				<br />
				<small>{takes === "" ? "It takes no environment now." : `Takes ${takes}.`}</small>
			</p>
			<div class="buttons">
				<Form action={`${LIST}/-lift`} inline>
					<input type="hidden" name="scope" value={scope} />
					<button type="submit" aria-label={`Lift the freeze of ${scope}`}>
						Lift
					</button>
				</Form>
			</div>
		</article>
	);
}
