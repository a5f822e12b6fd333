import type { Stored } from "../../../configuration/entries.ts";
import type { Problem } from "../../../configuration/problem.ts";
import { versionOf } from "../../../configuration/version-of.ts";
import { ROLES } from "../../../core/access.ts";
import { Badge } from "../bits.tsx";
import { Columns } from "../columns.tsx";
import { Form } from "../layout.tsx";
import type { PageCall, PageReply, PageRoute } from "../page.tsx";
import { carryOutForm, carryOutRemoval, findOne, ofKind, readAlive } from "./carry-out.ts";
import { type Draft, DraftForm, draftOf, ListField, SelectField, sent, wordsIn } from "./fields.tsx";
import { adminPage, Danger, Head, ManagedBadge, ManagedByFile, ManagedCell, nothingHere } from "./frame.tsx";
import { statusOf } from "./projects.tsx";
import { SUBJECTS, subjectField, subjectsIn, subjectValues, subjectWords } from "./subjects.ts";

const LIST = "/admin/access";
const FIELDS = ["role", "projects", "environments", ...SUBJECTS.map(({ kind }) => subjectField(kind))];

export const accessPages: readonly PageRoute[] = [
	{ method: "GET", path: LIST, admin: true, handle: list },
	{ method: "GET", path: `${LIST}/-new`, admin: true, handle: (call) => showNew(call, null) },
	{ method: "POST", path: `${LIST}/-new`, admin: true, handle: create },
	{ method: "GET", path: `${LIST}/:binding`, admin: true, handle: (call) => show(call, null) },
	{ method: "POST", path: `${LIST}/:binding`, admin: true, handle: change },
	{ method: "POST", path: `${LIST}/:binding/-remove`, admin: true, handle: remove },
];

async function list({ deps }: PageCall): Promise<PageReply> {
	const bindings = ofKind(await readAlive(deps), "access");
	const content = (
		<>
			<Head title="Access" says="Which role is given to whom, and where it holds.">
				<a class="button" href="/admin/people">
					Who may what
				</a>
				<a class="button primary" href={`${LIST}/-new`}>
					Give a role
				</a>
			</Head>
			{bindings.length === 0 ? (
				<div class="card empty">
					<h2>Nobody has a role yet</h2>
					<p>Everybody may look. To deploy, approve or configure takes a role.</p>
				</div>
			) : (
				<div class="card scroll">
					<table class="stack">
						<Columns names={["Role", "Given to", "Projects", "Environments", "Managed by"]} />
						<tbody>
							{bindings.map((one) => (
								<tr key={one.id}>
									<td data-label="Role">
										<a href={`${LIST}/${one.id}`} aria-label={one.name}>
											<strong>{one.values.role}</strong>
										</a>
									</td>
									<td data-label="Given to">
										<Subjects values={one.values} />
									</td>
									<td data-label="Projects">
										<code>{one.values.projects.join(", ")}</code>
									</td>
									<td data-label="Environments">
										<code>{one.values.environments.join(", ")}</code>
									</td>
									<ManagedCell by={one.managedBy} />
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</>
	);
	return adminPage("access", "Access", content);
}

const SHOWN = 6;

function Subjects({ values: { subjects } }: { readonly values: Stored<"access">["values"] }) {
	const rest = subjects.length - SHOWN;
	return (
		<span>
			{subjects.slice(0, SHOWN).map(subjectWords).join(", ")}
			{rest > 0 ? ` and ${rest} more` : ""}
		</span>
	);
}

const ROLE_WORDS: Record<(typeof ROLES)[number], string> = {
	viewer: "viewer: sees runs, the audit trail and logs",
	operator: "operator: deploys, rolls back, locks",
	approver: "approver: approves and rejects",
	admin: "admin: configures, cancels any run, takes locks",
	emergency: "emergency: may force where a policy keeps that for it",
};

function Fields({ local }: { readonly local: boolean }) {
	return (
		<>
			<div class="fields">
				<SelectField
					name="role"
					label="Role"
					options={ROLES.map((role) => ({ value: role, label: ROLE_WORDS[role] }))}
				/>
			</div>
			<fieldset>
				<legend>To whom</legend>
				<div class="fields">
					{SUBJECTS.filter(({ kind }) => kind !== "local" || local).map(({ kind, label, hint }) => (
						<ListField key={kind} name={subjectField(kind)} label={label} hint={`${hint} One a line.`} />
					))}
				</div>
			</fieldset>
			<fieldset>
				<legend>Where</legend>
				<div class="fields">
					<ListField
						name="projects"
						label="Projects"
						hint="Slugs with * and ?, such as web-*. Empty: all."
						placeholder="*"
					/>
					<ListField
						name="environments"
						label="Environments"
						hint="Such as stage and demo, one a line. Empty: all."
						placeholder="*"
					/>
				</div>
			</fieldset>
		</>
	);
}

function entryIn(values: Readonly<Record<string, string>>): Record<string, unknown> {
	const everywhere = (text: string | undefined) => (wordsIn(text).length === 0 ? ["*"] : wordsIn(text));
	return {
		role: values["role"],
		subjects: subjectsIn(values).map(({ subject }) => subject),
		projects: everywhere(values["projects"]),
		environments: everywhere(values["environments"]),
	};
}

/** A wrong subject is wrong in the field that it was written in. */
function inFields(draft: Draft): Draft {
	const written = subjectsIn(draft.values);
	const problems = draft.problems.map((one): Problem => {
		const [section, index] = one.path;
		const from = section === "subjects" && typeof index === "number" ? written[index] : undefined;
		return from === undefined ? one : { path: [...from.field.split("."), from.line], message: one.message };
	});
	return { ...draft, problems };
}

async function showNew({ deps }: PageCall, draft: Draft | null): Promise<PageReply> {
	const empty = { ...Object.fromEntries(FIELDS.map((name) => [name, ""])), role: "operator" };
	const content = (
		<>
			<Head title="Give a role" back={{ path: LIST, label: "Access" }} />
			<section class="card">
				<DraftForm action={`${LIST}/-new`} draft={draft ?? draftOf(empty)}>
					<Fields local={deps.localMode} />
					<button class="primary" type="submit">
						Give the role
					</button>
				</DraftForm>
			</section>
		</>
	);
	return adminPage("access", "Give a role", content, statusOf(draft));
}

async function create(call: PageCall): Promise<PageReply> {
	const values = sent(call.form, FIELDS);
	return carryOutForm(call, { kind: "access", action: "create", entry: entryIn(values) }, values, {
		done: (item) => ({ to: LIST, text: `Given: ${item?.name}.` }),
		again: (draft) => showNew(call, inFields(draft)),
	});
}

async function change(call: PageCall): Promise<PageReply> {
	const name = call.params["binding"] ?? "";
	const values = sent(call.form, FIELDS);
	return carryOutForm(call, { kind: "access", action: "replace", name, entry: entryIn(values) }, values, {
		done: (item) => ({ to: LIST, text: `Changed: ${item?.name}.` }),
		again: (draft) => show(call, inFields(draft)),
	});
}

async function remove(call: PageCall): Promise<PageReply> {
	const name = call.params["binding"] ?? "";
	return carryOutRemoval(
		call,
		{ kind: "access", name },
		{ from: `${LIST}/${name}`, to: LIST, text: "The role is taken back." },
	);
}

async function show({ deps, params }: PageCall, draft: Draft | null): Promise<PageReply> {
	const binding = findOne(await readAlive(deps), "access", params["binding"] ?? "");
	if (binding === null) return nothingHere("access", "This binding");
	const { role, projects, environments, subjects } = binding.values;
	const page = `${LIST}/${binding.id}`;
	const shown = draftOf({
		...{ role, projects: projects.join("\n"), environments: environments.join("\n") },
		...subjectValues(subjects),
	});
	const content = (
		<>
			<Head
				title={
					<>
						{role} <ManagedBadge by={binding.managedBy} />
					</>
				}
				says={`In ${projects.join(", ")} / ${environments.join(", ")}`}
				back={{ path: LIST, label: "Access" }}
			/>
			{binding.managedBy === "file" ? (
				<>
					<ManagedByFile what="this role" />
					<section class="card" aria-label="Given to">
						<ul class="plain">
							{subjects.map((subject) => (
								<li key={subjectWords(subject)}>{subjectWords(subject)}</li>
							))}
						</ul>
					</section>
				</>
			) : (
				<>
					<section class="card" aria-label="The role">
						<DraftForm action={page} draft={draft ?? shown} version={versionOf(binding, [])}>
							<Fields local={deps.localMode} />
							<button class="primary" type="submit">
								Save
							</button>
						</DraftForm>
					</section>
					<Danger
						label="Take this role back"
						says="It ends at once, also for what is under way: rights are looked at with each click."
					>
						<Form action={`${page}/-remove`}>
							<button class="danger" type="submit">
								Take it back
							</button>
						</Form>
					</Danger>
				</>
			)}
		</>
	);
	return adminPage("access", role, content, statusOf(draft));
}

export function RoleBadge({ role }: { readonly role: string }) {
	return (
		<Badge tone={role === "admin" || role === "emergency" ? "wait" : role === "viewer" ? "" : "run"}>{role}</Badge>
	);
}
