import { problemsOf } from "../../../configuration/document.ts";
import type { Problem } from "../../../configuration/problem.ts";
import { type ApiTokenRow, IntegrationTable, PersonTable } from "../../../store/entities.ts";
import { listTokens, revokeToken } from "../../../store/tokens.ts";
import { actorOf } from "../../../use-cases/identify.ts";
import { makeToken } from "../../api/make-token.ts";
import { NewToken } from "../../api/schemas.ts";
import { wording } from "../../api/wording.ts";
import { Badge, Time } from "../bits.tsx";
import { Form } from "../layout.tsx";
import { doneAt, type PageCall, type PageReply, type PageRoute } from "../page.tsx";
import { RoleBadge } from "./access.tsx";
import { Copyable } from "./copyable.tsx";
import { type Draft, DraftForm, draftOf, ListField, SelectField, sent, TextField, textOr, wordsIn } from "./fields.tsx";
import { adminPage, Head } from "./frame.tsx";
import { statusOf } from "./projects.tsx";

const LIST = "/admin/tokens";
const FIELDS = ["name", "may", "projects", "environments", "integration", "email", "expires"] as const;
const EMPTY = { name: "", may: "viewer", projects: "", environments: "", integration: "", email: "", expires: "90d" };
const ROLES = ["viewer", "operator", "approver", "admin"] as const;

export const tokenPages: readonly PageRoute[] = [
	{ method: "GET", path: LIST, admin: true, handle: (call) => list(call, null, null) },
	{ method: "POST", path: LIST, admin: true, handle: create },
	{ method: "POST", path: `${LIST}/:token/-revoke`, admin: true, handle: revoke },
];

async function create(call: PageCall): Promise<PageReply> {
	const { deps, caller } = call;
	const values = sent(call.form, FIELDS);
	const wrong = (problems: Draft["problems"]) => list(call, { values, problems, trouble: null }, null);
	const read = NewToken.safeParse(writtenIn(values), { error: wording });
	if (!read.success) return wrong(read.error.issues.flatMap(problemsOf).map(atItsField));
	const made = await makeToken(deps, actorOf(caller), read.data);
	if (!made.ok) return wrong([{ path: ["integration"], message: "is not configured any more: choose another one" }]);
	return list(call, null, made.value);
}

/** What a program would send for it. */
function writtenIn(values: Draft["values"]): Readonly<Record<string, unknown>> {
	const { may = "" } = values;
	const said = {
		name: (values["name"] ?? "").trim(),
		...(may === "runner" ? { runner: true } : { role: may }),
		...{ integration: textOr(values["integration"], null), email: textOr(values["email"], null) },
		...{ projects: listOr(values["projects"]), environments: listOr(values["environments"]) },
		expires: textOr(values["expires"], null),
	};
	return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null));
}

function listOr(text: string | undefined): readonly string[] | null {
	const words = wordsIn(text);
	return words.length === 0 ? null : words;
}

/** The page has one choice where a program gives a role, or says that it is a runner. */
function atItsField({ path: [at = "", ...rest], message }: Problem): Problem {
	return { path: [at === "role" || at === "runner" ? "may" : at, ...rest], message };
}

async function revoke({ deps, caller, params }: PageCall): Promise<PageReply> {
	return (await revokeToken(deps, params["token"] ?? "", actorOf(caller)))
		? doneAt(LIST, "The token is revoked: it is refused from now on.")
		: { kind: "go", to: LIST, said: { kind: "bad", text: "There is no such token." } };
}

interface Made {
	readonly plain: string;
	readonly row: ApiTokenRow;
}

/** `made`: the token that was made just now, in the answer to its form and nowhere else. */
async function list({ deps }: PageCall, draft: Draft | null, made: Made | null): Promise<PageReply> {
	const rows = await listTokens(deps.db);
	const owners = new Map((await deps.db.getRepository(PersonTable).find()).map((one) => [one.id, one.name]));
	const integrations = await deps.db.getRepository(IntegrationTable).find({ order: { slug: "ASC" } });
	const slugs = new Map(integrations.map((one) => [one.id, one.slug]));
	const now = deps.now();
	const content = (
		<>
			<Head title="Tokens" says="What programs and runners show to be let in." />
			{made === null ? null : <Shown made={made} />}
			<div class="split">
				<div class="card scroll">
					<table class="stack">
						<thead>
							<tr>
								{["Token", "May", "Whose", "Made", "Ends", ""].map((name) => (
									<th scope="col" key={name}>
										{name === "" ? <span class="sr">Revoke</span> : name}
									</th>
								))}
							</tr>
						</thead>
						<tbody>
							{rows.map((row) => (
								<tr key={row.id}>
									<td data-label="Token">
										<strong>{row.name}</strong>
									</td>
									<td data-label="May">
										<span>
											<RoleBadge role={row.role ?? "runner"} />
											{row.projects === null ? null : (
												<small>{` in ${row.projects.join(", ")} / ${row.environments?.join(", ") ?? "*"}`}</small>
											)}
											{row.integrationId === null ? null : <small>{` ${slugs.get(row.integrationId) ?? ""}`}</small>}
										</span>
									</td>
									<td data-label="Whose">
										<a href={`/admin/people/${row.personId}`}>{owners.get(row.personId) ?? "somebody"}</a>
									</td>
									<td data-label="Made">
										<Time at={row.createdAt} />
									</td>
									<td data-label="Ends">
										<Ends row={row} now={now} />
									</td>
									<td data-label="Revoke">
										{isOver(row, now) ? null : (
											<Form action={`${LIST}/${row.id}/-revoke`} inline>
												<button class="danger" type="submit" aria-label={`Revoke ${row.name}`}>
													Revoke
												</button>
											</Form>
										)}
									</td>
								</tr>
							))}
						</tbody>
					</table>
					{rows.length === 0 ? <p class="empty">There is no token yet.</p> : null}
				</div>
				<aside class="card">
					<h2>A new token</h2>
					<DraftForm action={LIST} draft={draft ?? draftOf(EMPTY)}>
						<TextField name="name" label="Name" required hint="Who or what uses it." />
						<SelectField
							name="may"
							label="What it may"
							options={[
								...ROLES.map((role) => ({ value: role, label: role })),
								{ value: "runner", label: "the work of a runner" },
							]}
						/>
						<ListField
							name="projects"
							label="In which projects"
							rows={1}
							placeholder="*"
							hint="Globs, one a line. Empty: all."
						/>
						<ListField name="environments" label="In which environments" rows={1} placeholder="*" />
						<SelectField
							name="integration"
							label="Of a runner: for which integration"
							options={[
								{ value: "", label: "every one" },
								...integrations.map(({ slug }) => ({ value: slug, label: slug })),
							]}
						/>
						<TextField
							name="email"
							type="email"
							label="Whose it is"
							hint="Their address. Empty: a person of its own, and then whoever holds it could approve in chat what it asked for."
						/>
						<SelectField
							name="expires"
							label="Good for"
							options={[
								{ value: "7d", label: "7 days" },
								{ value: "30d", label: "30 days" },
								{ value: "90d", label: "90 days" },
								{ value: "365d", label: "a year" },
								{ value: "", label: "until it is revoked" },
							]}
						/>
						<button class="primary" type="submit">
							Make the token
						</button>
					</DraftForm>
				</aside>
			</div>
		</>
	);
	return adminPage("tokens", "Tokens", content, statusOf(draft));
}

function Shown({ made: { plain, row } }: { readonly made: Made }) {
	return (
		<section class="notice good" aria-labelledby="made">
			<h2 id="made">{`The token ${row.name} is made`}</h2>
			<p>Keep it now: it is not shown again, here or anywhere.</p>
			<Copyable label="Token" value={plain} />
		</section>
	);
}

function isOver(row: ApiTokenRow, now: Date): boolean {
	return row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt <= now);
}

function Ends({ row, now }: { readonly row: ApiTokenRow; readonly now: Date }) {
	if (row.revokedAt !== null) return <Badge tone="bad">revoked</Badge>;
	if (row.expiresAt === null) return <span class="soft">never</span>;
	return row.expiresAt <= now ? <Badge>over</Badge> : <Time at={row.expiresAt} />;
}
