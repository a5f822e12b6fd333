import { parseDuration } from "../../../core/duration.ts";
import type { Refusal } from "../../../core/refusal.ts";
import { type HeldEnvironment, listLocks } from "../../../store/list-locks.ts";
import { findPlace, knownNames, type Place } from "../../../use-cases/catalog.ts";
import { lockEnvironment, unlockEnvironment } from "../../../use-cases/lock-environment.ts";
import { Badge, RunLink, Time } from "../bits.tsx";
import { Form } from "../layout.tsx";
import { doneAt, type PageCall, type PageReply, type PageRoute, refusedAt } from "../page.tsx";
import { type Draft, DraftForm, draftOf, SelectField, sent, TextField } from "./fields.tsx";
import { adminPage, Head } from "./frame.tsx";
import { statusOf } from "./projects.tsx";

const LIST = "/admin/locks";

export const lockPages: readonly PageRoute[] = [
	{ method: "GET", path: LIST, admin: true, handle: (call) => list(call, null) },
	{ method: "POST", path: LIST, admin: true, handle: lock },
	{ method: "POST", path: `${LIST}/-steal`, admin: true, handle: steal },
	{ method: "POST", path: `${LIST}/-unlock`, admin: true, handle: unlock },
];

async function placeIn({ deps, form }: PageCall): Promise<Place | null> {
	const [project = "", environment = ""] = (form["place"] ?? "").split("/");
	return findPlace(deps.db.manager, project, environment);
}

function reasonIn({ form }: PageCall): string | null {
	const reason = (form["reason"] ?? "").replace(/\s+/g, " ").trim().slice(0, 1_000);
	return reason === "" ? null : reason;
}

const GONE = {
	kind: "go",
	to: LIST,
	said: { kind: "bad", text: "That environment is not configured any more." },
} as const;

async function lock(call: PageCall): Promise<PageReply> {
	const values = sent(call.form, ["place", "for", "reason"]);
	const place = await placeIn(call);
	if (place === null)
		return list(call, { values, problems: [{ path: ["place"], message: "has to be chosen" }], trouble: null });
	const written = (values["for"] ?? "").trim();
	const forMs = written === "" ? null : parseDuration(written);
	if (written !== "" && forMs === null)
		return list(call, {
			...{ values, trouble: null },
			problems: [{ path: ["for"], message: "is no duration: write 90s, 15m, 4h or 7d" }],
		});
	const outcome = await lockEnvironment(call.deps, call.caller, place, { forMs, reason: reasonIn(call), steal: null });
	if (!outcome.ok) return list(call, { values, problems: [], trouble: inFull(outcome.refusal) });
	return doneAt(LIST, `${values["place"]} is locked: everybody else's runs wait.`);
}

const inFull = ({ message, next }: Refusal) => (next === null ? message : `${message} ${next}`);

async function steal(call: PageCall): Promise<PageReply> {
	const place = await placeIn(call);
	if (place === null) return GONE;
	const reason = reasonIn(call);
	if (reason === null)
		return {
			kind: "go",
			to: LIST,
			said: { kind: "bad", text: "Taking somebody's lock needs a reason: they are told it." },
		};
	const asked = { forMs: null, reason: null, steal: reason };
	const outcome = await lockEnvironment(call.deps, call.caller, place, asked);
	if (!outcome.ok) return refusedAt(LIST, outcome.refusal);
	const { stolenFrom } = outcome.value;
	const told = stolenFrom === null ? "" : ` ${stolenFrom.person.name} is told.`;
	return doneAt(LIST, `The lock on ${call.form["place"]} is yours.${told}`);
}

async function unlock(call: PageCall): Promise<PageReply> {
	const place = await placeIn(call);
	if (place === null) return GONE;
	const outcome = await unlockEnvironment(call.deps, call.caller, place, reasonIn(call));
	return outcome.ok ? doneAt(LIST, `${call.form["place"]} is unlocked.`) : refusedAt(LIST, outcome.refusal);
}

async function list({ deps, caller }: PageCall, draft: Draft | null): Promise<PageReply> {
	const held = await listLocks(deps.db, deps.now());
	const { projects } = await knownNames(deps.db.manager);
	const places = projects.flatMap(({ slug, environments }) => environments.map((one) => `${slug}/${one.slug}`));
	const empty = { place: places[0] ?? "", for: "", reason: "" };
	const content = (
		<>
			<Head title="Locks" says="Environments that are held: by a person, or by the run that is at work there." />
			<div class="split">
				<div data-live hx-get={LIST} hx-select="[data-live]" hx-trigger="draven:changed" hx-swap="outerMorph">
					{held.length === 0 ? (
						<div class="card empty">Nothing is locked.</div>
					) : (
						held.map((one) => (
							<Held
								key={`${one.project}/${one.environment} ${one.run}`}
								one={one}
								own={one.person.id === caller.person.id}
							/>
						))
					)}
				</div>
				<aside class="card">
					<h2>Lock an environment</h2>
					{places.length === 0 ? (
						<p class="soft">There is no environment yet.</p>
					) : (
						<DraftForm action={LIST} draft={draft ?? draftOf(empty)}>
							<SelectField
								name="place"
								label="Environment"
								options={places.map((place) => ({ value: place, label: place }))}
							/>
							<TextField name="for" label="For" placeholder="2h" hint="15m, 2h, 1d. Empty: until it is unlocked." />
							<TextField name="reason" label="Reason" hint="Whoever wants to deploy reads it." />
							<button class="primary" type="submit">
								Lock it
							</button>
						</DraftForm>
					)}
				</aside>
			</div>
		</>
	);
	return adminPage("locks", "Locks", content, statusOf(draft));
}

function Held({ one, own }: { readonly one: HeldEnvironment; readonly own: boolean }) {
	const place = `${one.project}/${one.environment}`;
	if (one.heldBy === "run")
		return (
			<article class="card env" id={`run-${one.run}`}>
				<header>
					<h2>{place}</h2>
					<Badge tone="run">at work</Badge>
				</header>
				<p>
					{one.run === null ? null : <RunLink run={{ number: one.run }} />} of {one.person.name}, since{" "}
					<Time at={one.createdAt} />
				</p>
			</article>
		);
	return (
		<article class="card env" id={`lock-${one.project}.${one.environment}`}>
			<header>
				<h2>{place}</h2>
				<Badge tone="wait">{own ? "yours" : "locked"}</Badge>
			</header>
			<p>
				<strong>{one.person.name}</strong>
				{one.reason === null ? "" : `: ${one.reason}`}
				<br />
				<small>
					Since <Time at={one.createdAt} />
					{one.until === null ? (
						", until it is unlocked"
					) : (
						<>
							, until <Time at={one.until} />
						</>
					)}
				</small>
			</p>
			<div class="buttons" data-kept>
				<Act action={`${LIST}/-unlock`} place={place} label="Unlock" asks={!own} />
				{own ? null : <Act action={`${LIST}/-steal`} place={place} label="Take it" asks />}
			</div>
		</article>
	);
}

function Act({
	action,
	place,
	label,
	asks,
}: {
	readonly action: string;
	readonly place: string;
	readonly label: string;
	readonly asks: boolean;
}) {
	return (
		<Form action={action} inline>
			<input type="hidden" name="place" value={place} />
			{asks ? (
				<label>
					<span class="sr">{`Reason: ${label} ${place}`}</span>
					<input name="reason" class="reason" placeholder="Reason" maxLength={1_000} />
				</label>
			) : null}
			<button type="submit" aria-label={`${label}: ${place}`}>
				{label}
			</button>
		</Form>
	);
}
