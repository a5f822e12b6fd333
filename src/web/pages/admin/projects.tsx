import type { Stored } from "../../../configuration/entries.ts";
import { projectOf, type StoredItem } from "../../../configuration/items.ts";
import { versionOf } from "../../../configuration/version-of.ts";
import { Badge } from "../bits.tsx";
import { Columns } from "../columns.tsx";
import { Form } from "../layout.tsx";
import type { PageCall, PageReply, PageRoute } from "../page.tsx";
import { carryOutForm, carryOutRemoval, findOne, ofKind, readAlive } from "./carry-out.ts";
import { type Draft, DraftForm, draftOf, SelectField, sent, TextField, textOr } from "./fields.tsx";
import { adminPage, Danger, Head, ManagedBadge, ManagedByFile, ManagedCell, nothingHere } from "./frame.tsx";
import { MoveButtons } from "./move-environment.tsx";

const LIST = "/admin/projects";
const FIELDS = ["slug", "name", "integration", "repository", "pipeline", "defaultRef"] as const;

export const projectPages: readonly PageRoute[] = [
	{ method: "GET", path: LIST, admin: true, handle: list },
	{ method: "GET", path: `${LIST}/-new`, admin: true, handle: (call) => showNew(call, null) },
	{ method: "POST", path: `${LIST}/-new`, admin: true, handle: create },
	{ method: "GET", path: `${LIST}/:project`, admin: true, handle: (call) => show(call, null) },
	{ method: "POST", path: `${LIST}/:project`, admin: true, handle: change },
	{ method: "POST", path: `${LIST}/:project/-remove`, admin: true, handle: remove },
];

const EMPTY = { slug: "", name: "", integration: "", repository: "", pipeline: "", defaultRef: "main" };

async function list({ deps }: PageCall): Promise<PageReply> {
	const alive = await readAlive(deps);
	const projects = ofKind(alive, "project");
	const content = (
		<>
			<Head title="Projects" says="What can be deployed, and where to.">
				<a class="button primary" href={`${LIST}/-new`}>
					Add a project
				</a>
			</Head>
			{projects.length === 0 ? (
				<div class="card empty">
					<h2>No project yet</h2>
					<p>A project is an application that can be deployed: a repository, its pipeline, and where it goes to.</p>
				</div>
			) : (
				<div class="card scroll">
					<table class="stack">
						<Columns names={["Project", "Integration", "Repository", "Environments", "Managed by"]} />
						<tbody>
							{projects.map((one) => (
								<tr key={one.id}>
									<td data-label="Project">
										<span>
											<a href={`${LIST}/${one.name}`}>
												<strong>{one.values.name}</strong>
											</a>{" "}
											{one.values.name === one.name ? null : <small class="mono">{one.name}</small>}
										</span>
									</td>
									<td data-label="Integration">
										<a href={`/admin/integrations/${one.values.integration}`}>{one.values.integration}</a>
									</td>
									<td data-label="Repository">
										<code>{one.values.repository}</code>
									</td>
									<td data-label="Environments">
										{environmentsOf(alive, one.name)
											.map((environment) => slugOf(environment))
											.join(", ") || <span class="soft">none</span>}
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
	return adminPage("projects", "Projects", content);
}

export function environmentsOf(alive: readonly StoredItem[], project: string): Stored<"environment">[] {
	return ofKind(alive, "environment").filter((one) => projectOf(one) === project);
}

export function slugOf(environment: Stored<"environment">): string {
	return environment.name.slice(projectOf(environment).length + 1);
}

async function showNew({ deps }: PageCall, draft: Draft | null): Promise<PageReply> {
	const integrations = ofKind(await readAlive(deps), "integration");
	const content = (
		<>
			<Head title="A new project" back={{ path: LIST, label: "Projects" }} />
			{integrations.length === 0 ? (
				<p class="notice">
					A project needs an integration: <a href="/admin/integrations/-new">add one first</a>.
				</p>
			) : (
				<section class="card">
					<DraftForm
						action={`${LIST}/-new`}
						draft={draft ?? draftOf({ ...EMPTY, integration: integrations[0]?.name ?? "" })}
					>
						<div class="fields">
							<TextField
								name="slug"
								label="Slug"
								required
								hint="What people say in chat: deploy shop to stage."
								placeholder="shop"
							/>
							<Fields integrations={integrations} />
						</div>
						<button class="primary" type="submit">
							Add the project
						</button>
					</DraftForm>
				</section>
			)}
		</>
	);
	return adminPage("projects", "A new project", content, statusOf(draft));
}

/** A form that comes back is an answer to something that cannot be carried out. */
export function statusOf(draft: Draft | null): number {
	return draft === null || (draft.problems.length === 0 && draft.trouble === null) ? 200 : 422;
}

function Fields({ integrations }: { readonly integrations: readonly Stored<"integration">[] }) {
	return (
		<>
			<TextField name="name" label="Name" hint="As the board shows it; empty: the slug." />
			<SelectField
				name="integration"
				label="Integration"
				options={integrations.map(({ name, values }) => ({ value: name, label: `${name} (${values.provider})` }))}
			/>
			<TextField
				name="repository"
				label="Repository"
				required
				hint="GitHub owner/name, GitLab path, Bitbucket workspace/slug, of a runner a git URL."
			/>
			<TextField
				name="pipeline"
				label="Pipeline"
				hint="GitHub: the workflow file. Bitbucket: the custom pipeline. A runner: the entrypoint (deploy/run.sh). GitLab: empty."
			/>
			<TextField name="defaultRef" label="Default ref" hint="What goes when nobody names a ref." />
		</>
	);
}

function entryIn(values: Readonly<Record<string, string>>): Record<string, unknown> {
	const { name, pipeline, integration, repository, defaultRef } = values;
	return {
		...{ integration, repository: repository?.trim() },
		...(textOr(name, null) === null ? {} : { name: name?.trim() }),
		...(textOr(pipeline, null) === null ? {} : { pipeline: pipeline?.trim() }),
		...(textOr(defaultRef, null) === null ? {} : { defaultRef: defaultRef?.trim() }),
	};
}

async function create(call: PageCall): Promise<PageReply> {
	const values = sent(call.form, FIELDS);
	const entry = { slug: values["slug"]?.trim(), ...entryIn(values) };
	return carryOutForm(call, { kind: "project", action: "create", entry }, values, {
		done: (item) => ({
			to: `${LIST}/${item?.name}`,
			text: `The project ${item?.name} is there. Add its environments next.`,
		}),
		again: (draft) => showNew(call, draft),
	});
}

async function change(call: PageCall): Promise<PageReply> {
	const name = call.params["project"] ?? "";
	const values = sent(call.form, FIELDS.slice(1));
	return carryOutForm(call, { kind: "project", action: "replace", name, entry: entryIn(values) }, values, {
		done: () => ({ to: `${LIST}/${name}`, text: `The project ${name} is changed.` }),
		again: (draft) => show(call, draft),
	});
}

async function remove(call: PageCall): Promise<PageReply> {
	const name = call.params["project"] ?? "";
	const text = `The project ${name} is removed. Its runs and its audit trail stay.`;
	return carryOutRemoval(call, { kind: "project", name }, { from: `${LIST}/${name}`, to: LIST, text });
}

async function show({ deps, params }: PageCall, draft: Draft | null): Promise<PageReply> {
	const alive = await readAlive(deps);
	const project = findOne(alive, "project", params["project"] ?? "");
	if (project === null) return nothingHere("projects", `The project "${params["project"]}"`);
	const page = `${LIST}/${project.name}`;
	const { values, managedBy } = project;
	const shown = draft ?? draftOf({ ...values });
	const content = (
		<>
			<Head
				title={
					<>
						{values.name} <ManagedBadge by={managedBy} />
					</>
				}
				says={<code>{project.name}</code>}
				back={{ path: LIST, label: "Projects" }}
			>
				<a class="button" href={`/projects/${project.name}`}>
					On the board
				</a>
			</Head>
			{managedBy === "file" ? (
				<>
					<ManagedByFile what={`the project ${project.name}`} />
					<section class="card" aria-label="The project">
						<ProjectFacts values={values} />
					</section>
				</>
			) : (
				<section class="card" aria-labelledby="settings">
					<h2 id="settings">The project</h2>
					<DraftForm action={page} draft={shown} version={versionOf(project, alive)}>
						<div class="fields">
							<Fields integrations={ofKind(alive, "integration")} />
						</div>
						<button class="primary" type="submit">
							Save the project
						</button>
					</DraftForm>
				</section>
			)}
			<Environments environments={environmentsOf(alive, project.name)} page={page} fixed={managedBy === "file"} />
			{managedBy === "file" ? null : (
				<Danger
					label="Remove this project"
					says="It cannot be deployed any more. Its runs, their logs and the audit trail stay, and a project of this name that is made again has them."
				>
					<Form action={`${page}/-remove`}>
						<button class="danger" type="submit">{`Remove ${project.name}`}</button>
					</Form>
				</Danger>
			)}
		</>
	);
	return adminPage("projects", values.name, content, statusOf(draft));
}

function ProjectFacts({ values }: { readonly values: Stored<"project">["values"] }) {
	const facts = [
		["Integration", values.integration],
		["Repository", values.repository],
		["Pipeline", values.pipeline],
		["Default ref", values.defaultRef],
	] as const;
	return (
		<dl class="facts">
			{facts.map(([label, value]) => [
				<dt key={`${label} name`}>{label}</dt>,
				<dd key={label}>{value === "" ? <span class="soft">none</span> : <code>{value}</code>}</dd>,
			])}
		</dl>
	);
}

function Environments({
	environments,
	page,
	fixed,
}: {
	readonly environments: readonly Stored<"environment">[];
	readonly page: string;
	readonly fixed: boolean;
}) {
	return (
		<section aria-labelledby="environments">
			<div class="head">
				<h2 id="environments">Environments</h2>
				{fixed ? null : (
					<a class="button" href={`${page}/-new`}>
						Add an environment
					</a>
				)}
			</div>
			{environments.length === 0 ? (
				<div class="card empty">A project needs an environment to be released to.</div>
			) : (
				<div class="grid spaced">
					{environments.map((one, nth) => (
						<article class="card env" key={one.id}>
							<header>
								<h3>
									<a href={`${page}/${slugOf(one)}`}>{slugOf(one)}</a>
								</h3>
								<span class="aliases">
									{one.values.aliases.map((alias) => (
										<Badge key={alias}>{alias}</Badge>
									))}
								</span>
							</header>
							<EnvironmentFacts values={one.values} />
							{fixed || one.managedBy === "file" ? null : (
								<MoveButtons
									{...{ page, slug: slugOf(one), isFirst: nth === 0, isLast: nth === environments.length - 1 }}
								/>
							)}
						</article>
					))}
				</div>
			)}
		</section>
	);
}

export function EnvironmentFacts({ values }: { readonly values: Stored<"environment">["values"] }) {
	const { policy, channels, labels } = values;
	return (
		<dl class="facts">
			<dt>Policy</dt>
			<dd>
				<a href={`/admin/policies/${policy}`}>{policy}</a>
			</dd>
			{channels.slack === undefined
				? null
				: [
						<dt key="s">Slack</dt>,
						<dd key="slack">
							<code>{channels.slack}</code>
						</dd>,
					]}
			{channels.teams === undefined
				? null
				: [
						<dt key="t">Teams</dt>,
						<dd key="teams">
							<code>{channels.teams}</code>
						</dd>,
					]}
			{labels.length === 0 ? null : [<dt key="l">Labels</dt>, <dd key="labels">{labels.join(", ")}</dd>]}
		</dl>
	);
}
