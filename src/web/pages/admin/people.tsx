import { ROLES } from "../../../core/access.ts";
import { refusal } from "../../../core/refusal.ts";
import { type IdentityRow, IntegrationTable } from "../../../store/entities.ts";
import { type KnownPerson, linkIdentity, listPeople } from "../../../store/people.ts";
import { speaks, unlinkIdentity, whyKept } from "../../../store/unlink-identity.ts";
import { actorOf } from "../../../use-cases/identify.ts";
import { type AccountKind, readAccount } from "../../../use-cases/read-account.ts";
import { signOutEverywhere } from "../../../use-cases/web-sign-in.ts";
import { type WhoMay, whoMay } from "../../../use-cases/who-may.ts";
import { unlinkedWords } from "../../../words/unlinked-words.ts";
import { Badge } from "../bits.tsx";
import { Form } from "../layout.tsx";
import { doneAt, type PageCall, type PageReply, type PageRoute, refusedAt } from "../page.tsx";
import { RoleBadge } from "./access.tsx";
import { type Draft, DraftForm, draftOf, SelectField, sent, TextField } from "./fields.tsx";
import { adminPage, Head, nothingHere } from "./frame.tsx";
import { statusOf } from "./projects.tsx";
import { subjectWords } from "./subjects.ts";

const LIST = "/admin/people";
const MOST = 100;

export const peoplePages: readonly PageRoute[] = [
	{ method: "GET", path: LIST, admin: true, handle: list },
	{ method: "GET", path: `${LIST}/:person`, admin: true, handle: (call) => show(call, null) },
	{ method: "POST", path: `${LIST}/:person`, admin: true, handle: link },
	{ method: "POST", path: `${LIST}/:person/-unlink`, admin: true, handle: unlink },
	{ method: "POST", path: `${LIST}/:person/-sign-out`, admin: true, handle: signOut },
];

async function list({ deps, query }: PageCall): Promise<PageReply> {
	const q = (query["q"] ?? "").trim().toLowerCase().slice(0, 200);
	const fits = (text: string | null) => text?.toLowerCase().includes(q) ?? false;
	const found = (await listPeople(deps.db)).filter(
		({ name, identities }) =>
			q === "" || fits(name) || identities.some(({ externalId, email }) => fits(externalId) || fits(email)),
	);
	const content = (
		<>
			<Head title="People" says="Who has spoken here, by which accounts, and what they may." />
			<search>
				<form class="filters" method="get" action={LIST}>
					<label class="field">
						<span>Name, address or account</span>
						<input type="search" name="q" value={query["q"] ?? ""} maxLength={200} />
					</label>
					<button type="submit">Search</button>
				</form>
			</search>
			{found.length === 0 ? (
				<div class="card empty">{q === "" ? "Nobody has spoken here yet." : "Nobody fits."}</div>
			) : (
				<div class="card scroll">
					<table class="stack">
						<thead>
							<tr>
								<th scope="col">Person</th>
								<th scope="col">Accounts</th>
							</tr>
						</thead>
						<tbody>
							{found.slice(0, MOST).map((person) => (
								<tr key={person.id}>
									<td data-label="Person">
										<a href={`${LIST}/${person.id}`}>
											<strong>{person.name}</strong>
										</a>
									</td>
									<td data-label="Accounts">
										{person.identities.map(said).join(", ") || <span class="soft">none</span>}
									</td>
								</tr>
							))}
						</tbody>
					</table>
					{found.length > MOST ? (
						<p class="soft">{`The first ${MOST} of ${found.length.toLocaleString("en")}: search for the others.`}</p>
					) : null}
				</div>
			)}
		</>
	);
	return adminPage("people", "People", content);
}

const PLATFORMS: Record<IdentityRow["platform"], string> = {
	slack: "Slack",
	teams: "Teams",
	local: "local",
	token: "API token",
	email: "e-mail",
	github: "GitHub",
	gitlab: "GitLab",
	bitbucket: "Bitbucket",
	runner: "runner",
};

function said({ platform, externalId, email }: IdentityRow): string {
	if (platform === "token") return PLATFORMS.token;
	return `${PLATFORMS[platform]} ${externalId}${email === null || email === externalId ? "" : ` (${email})`}`;
}

const KINDS: readonly { readonly value: AccountKind; readonly label: string }[] = [
	{ value: "email", label: "an e-mail address" },
	{ value: "login", label: "an account at a provider" },
	{ value: "slack", label: "a Slack account" },
	{ value: "teams", label: "a Teams account" },
];

async function personNamed({ deps, params }: PageCall): Promise<KnownPerson | null> {
	return (await listPeople(deps.db)).find(({ id }) => id === params["person"]) ?? null;
}

async function link(call: PageCall): Promise<PageReply> {
	const { deps, caller } = call;
	const person = await personNamed(call);
	if (person === null) return nothingHere("people", "This person");
	const values = sent(call.form, ["kind", "account"]);
	const kind = KINDS.find(({ value }) => value === values["kind"])?.value ?? "email";
	const read = await readAccount(deps.db, kind, (values["account"] ?? "").trim().slice(0, 500), null);
	if (!read.ok) return show(call, { values, problems: [], trouble: read.refusal.message });
	const { before } = await linkIdentity(deps, person, read.value, actorOf(caller));
	const was = before === null ? "" : ` It was ${before.name}'s until now.`;
	return doneAt(
		`${LIST}/${person.id}`,
		`${said({ ...read.value, personId: person.id })} belongs to ${person.name}.${was}`,
	);
}

async function unlink(call: PageCall): Promise<PageReply> {
	const { deps, caller, form } = call;
	const person = await personNamed(call);
	if (person === null) return nothingHere("people", "This person");
	const page = `${LIST}/${person.id}`;
	const account = person.identities.find(
		({ platform, tenant, externalId }) =>
			platform === form["platform"] && tenant === (form["tenant"] ?? "") && externalId === form["account"],
	);
	if (account === undefined)
		return refusedAt(page, refusal("unknown_account", `${person.name} does not have this account (any more).`));
	const outcome = await unlinkIdentity(deps, person, account, actorOf(caller));
	return outcome.ok
		? doneAt(page, unlinkedWords(said(account), person.name, outcome.value))
		: refusedAt(page, outcome.refusal);
}

async function signOut(call: PageCall): Promise<PageReply> {
	const person = await personNamed(call);
	if (person === null) return nothingHere("people", "This person");
	const ended = await signOutEverywhere(call.deps, person, actorOf(call.caller));
	const sessions =
		ended === 0 ? "They had no open session" : ended === 1 ? "1 session is ended" : `${ended} sessions are ended`;
	return doneAt(`${LIST}/${person.id}`, `${sessions}, and no link of theirs is good any more.`);
}

async function show(call: PageCall, draft: Draft | null): Promise<PageReply> {
	const { deps, caller } = call;
	const person = await personNamed(call);
	const rights = person === null ? null : await whoMay(deps, person.id);
	if (person === null || rights === null) return nothingHere("people", "This person");
	const integrations = await deps.db.getRepository(IntegrationTable).find({ order: { slug: "ASC" } });
	const tenants = new Map(integrations.map((one) => [one.id, one.slug]));
	const content = (
		<>
			<Head title={person.name} says={<code>{person.id}</code>} back={{ path: LIST, label: "People" }} />
			<div class="split">
				<Rights rights={rights} />
				<aside>
					<section class="card" aria-labelledby="accounts">
						<h2 id="accounts">Accounts</h2>
						<ul class="plain">
							{person.identities.map((one) => (
								<li key={`${one.platform} ${one.tenant} ${one.externalId}`}>
									{said(one)}
									{one.tenant === "" || one.platform === "local" ? null : (
										<small>{` in ${tenants.get(one.tenant) ?? one.tenant}`}</small>
									)}
									{caller.person.id === person.id ||
									whyKept(
										person,
										one,
										person.identities.filter((other) => other !== one),
									) !== null ? null : (
										<Unlink person={person} account={one} />
									)}
								</li>
							))}
						</ul>
					</section>
					<section class="card" aria-labelledby="link">
						<h2 id="link">Link another account</h2>
						<p class="soft">
							Who has two accounts counts as one human: they cannot approve with the one what they asked for with the
							other. Whose it was before loses it.
						</p>
						<DraftForm action={`${LIST}/${person.id}`} draft={draft ?? draftOf({ kind: "email", account: "" })}>
							<SelectField name="kind" label="What it is" options={KINDS} />
							<TextField
								name="account"
								label="Account"
								required
								suggestions="integrations"
								hint="ada@acme.test · acme-github:ada · U0ADA or T0TEAM:U0ADA · an Entra object id"
							/>
							<datalist id="integrations">
								{integrations.map(({ slug }) => (
									<option key={slug} value={`${slug}:`} />
								))}
							</datalist>
							<button type="submit">Link it</button>
						</DraftForm>
					</section>
					<section class="card" aria-labelledby="sign-out">
						<h2 id="sign-out">Sign out everywhere</h2>
						<p class="soft">
							Ends every session of theirs on this page, and what links they have. What they may is not touched: they
							can come in again by the way that they came, and tokens of theirs are revoked at Tokens.
						</p>
						<Form action={`${LIST}/${person.id}/-sign-out`}>
							<button class="danger" type="submit">{`Sign ${person.name} out everywhere`}</button>
						</Form>
					</section>
				</aside>
			</div>
		</>
	);
	return adminPage("people", person.name, content, statusOf(draft));
}

function Unlink({ person, account }: { readonly person: KnownPerson; readonly account: IdentityRow }) {
	const { platform, tenant, externalId } = account;
	return (
		<details class="unlink">
			<summary>Not theirs</summary>
			<p class="soft">
				{speaks(platform)
					? `From then on it is a person of its own, and sessions that came by it end. Of what was asked for until then, neither it nor ${person.name} approves what the other asked for.`
					: "From then on it is nobody's: until you link it to whose it is, no author of its commits can be told."}
			</p>
			<Form action={`${LIST}/${person.id}/-unlink`}>
				<input type="hidden" name="platform" value={platform} />
				<input type="hidden" name="tenant" value={tenant} />
				<input type="hidden" name="account" value={externalId} />
				<button class="danger" type="submit">{`Unlink ${said(account)}`}</button>
			</Form>
		</details>
	);
}

function Rights({ rights }: { readonly rights: WhoMay }) {
	const { trouble, outsider, tokens, places } = rights;
	return (
		<section class="card" aria-labelledby="rights">
			<h2 id="rights">What they may, where, and why</h2>
			{trouble === null ? null : (
				<p class="error">{`${trouble} What hangs on a group gives them nothing for as long.`}</p>
			)}
			{outsider ? (
				<p class="notice">A guest, or somebody of another organisation: they may look, whatever binds them.</p>
			) : null}
			{tokens.length === 0 ? null : (
				<p>
					{"By token of the API: "}
					{tokens.map((one) => (
						<span key={one.id}>
							<RoleBadge role={one.role ?? "runner"} />{" "}
							<small>{`${one.name}${one.projects === null ? "" : ` in ${one.projects.join(", ")} / ${one.environments?.join(", ") ?? "*"}`} `}</small>
						</span>
					))}
				</p>
			)}
			<div class="scroll">
				<table class="stack">
					<thead>
						<tr>
							<th scope="col">Environment</th>
							<th scope="col">Role, and through what</th>
						</tr>
					</thead>
					<tbody>
						{places.map(({ project, environment, roles, grants }) => (
							<tr key={`${project}/${environment}`}>
								<td data-label="Environment">
									{project}/{environment}
								</td>
								<td data-label="Roles">
									<ul class="plain tight">
										{ROLES.filter(
											(role) => role !== "viewer" && grants.some(({ binding }) => binding.role === role),
										).map((role) => (
											<li key={role}>
												{roles.has(role) ? (
													<RoleBadge role={role} />
												) : (
													<Badge tone="bad">{`${role}: cannot be told`}</Badge>
												)}{" "}
												<small>
													{grants
														.filter(({ binding }) => binding.role === role)
														.map(({ binding, subject }, index) => (
															<span key={`${binding.id} ${subjectWords(subject)}`}>
																{index === 0 ? "" : ", "}
																<a href={`/admin/access/${binding.id}`}>{subjectWords(subject)}</a>
															</span>
														))}
												</small>
											</li>
										))}
										{grants.some(({ binding }) => binding.role !== "viewer") ? null : (
											<li class="soft">viewer, as everybody</li>
										)}
									</ul>
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</section>
	);
}
