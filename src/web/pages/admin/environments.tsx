import type { StoredItem } from "../../../configuration/items.ts";
import { versionOf } from "../../../configuration/version-of.ts";
import { BASELINES } from "../../../core/policy.ts";
import { Form } from "../layout.tsx";
import type { PageCall, PageReply, PageRoute } from "../page.tsx";
import { carryOutForm, carryOutRemoval, findOne, ofKind, readAlive } from "./carry-out.ts";
import { type Draft, DraftForm, draftOf, ListField, SelectField, sent, TextField, textOr, wordsIn } from "./fields.tsx";
import { adminPage, Danger, Head, ManagedBadge, ManagedByFile, nothingHere } from "./frame.tsx";
import { moveEnvironment } from "./move-environment.tsx";
import { EnvironmentFacts, slugOf, statusOf } from "./projects.tsx";

const LIST = "/admin/projects";
const FIELDS = ["slug", "aliases", "policy", "channels.slack", "channels.teams", "labels"] as const;

export const environmentPages: readonly PageRoute[] = [
	{ method: "GET", path: `${LIST}/:project/-new`, admin: true, handle: (call) => showNew(call, null) },
	{ method: "POST", path: `${LIST}/:project/-new`, admin: true, handle: create },
	{ method: "GET", path: `${LIST}/:project/:environment`, admin: true, handle: (call) => show(call, null) },
	{ method: "POST", path: `${LIST}/:project/:environment`, admin: true, handle: change },
	{ method: "POST", path: `${LIST}/:project/:environment/-move`, admin: true, handle: moveEnvironment },
	{ method: "POST", path: `${LIST}/:project/:environment/-remove`, admin: true, handle: remove },
];

async function showNew({ deps, params }: PageCall, draft: Draft | null): Promise<PageReply> {
	const alive = await readAlive(deps);
	const project = findOne(alive, "project", params["project"] ?? "");
	if (project === null) return nothingHere("projects", `The project "${params["project"]}"`);
	const page = `${LIST}/${project.name}`;
	const empty = { ...Object.fromEntries(FIELDS.map((name) => [name, ""])), policy: "stage" };
	const content = (
		<>
			<Head title={`A new environment of ${project.values.name}`} back={{ path: page, label: project.values.name }} />
			{project.managedBy === "file" ? (
				<ManagedByFile what={`the project ${project.name}`} />
			) : (
				<section class="card">
					<DraftForm action={`${page}/-new`} draft={draft ?? draftOf(empty)}>
						<div class="fields">
							<TextField name="slug" label="Slug" required placeholder="stage" hint="What people say in chat." />
							<Fields alive={alive} />
						</div>
						<button class="primary" type="submit">
							Add the environment
						</button>
					</DraftForm>
				</section>
			)}
		</>
	);
	return adminPage("projects", "A new environment", content, statusOf(draft));
}

function Fields({ alive }: { readonly alive: readonly StoredItem[] }) {
	const policies = [...new Set([...ofKind(alive, "policy").map(({ name }) => name), ...Object.keys(BASELINES)])];
	return (
		<>
			<SelectField
				name="policy"
				label="Policy"
				hint="The rules of what goes there."
				options={policies.map((one) => ({ value: one, label: one }))}
			/>
			<ListField name="aliases" label="Aliases" hint="Other names for it, such as prod. One a line." />
			<TextField
				name="channels.slack"
				label="Slack channel"
				placeholder="C0123ABCD"
				hint="Its ID: at the bottom of the channel's details."
			/>
			<TextField
				name="channels.teams"
				label="Teams channel"
				placeholder="19:…@thread.tacv2"
				hint="Its ID: a part of the link to the channel."
			/>
			<ListField name="labels" label="Labels of runners" hint="A runner has to carry all of them. One a line." />
		</>
	);
}

function entryIn(values: Readonly<Record<string, string>>): Record<string, unknown> {
	const slack = textOr(values["channels.slack"], undefined);
	const teams = textOr(values["channels.teams"], undefined);
	return {
		policy: values["policy"],
		aliases: wordsIn(values["aliases"]),
		channels: { ...(slack === undefined ? {} : { slack }), ...(teams === undefined ? {} : { teams }) },
		labels: wordsIn(values["labels"]),
	};
}

async function create(call: PageCall): Promise<PageReply> {
	const project = call.params["project"] ?? "";
	const values = sent(call.form, FIELDS);
	const entry = { project, slug: values["slug"]?.trim(), ...entryIn(values) };
	return carryOutForm(call, { kind: "environment", action: "create", entry }, values, {
		done: (item) => ({ to: `${LIST}/${project}`, text: `The environment ${item?.name} is there.` }),
		again: (draft) => showNew(call, draft),
	});
}

const nameIn = ({ params }: PageCall) => `${params["project"]}/${params["environment"]}`;

async function change(call: PageCall): Promise<PageReply> {
	const name = nameIn(call);
	const values = sent(call.form, FIELDS.slice(1));
	return carryOutForm(call, { kind: "environment", action: "replace", name, entry: entryIn(values) }, values, {
		done: () => ({ to: `${LIST}/${name}`, text: `The environment ${name} is changed.` }),
		again: (draft) => show(call, draft),
	});
}

async function remove(call: PageCall): Promise<PageReply> {
	const name = nameIn(call);
	const where = { from: `${LIST}/${name}`, to: `${LIST}/${call.params["project"]}` };
	const text = `The environment ${name} is removed. Its runs and its audit trail stay.`;
	return carryOutRemoval(call, { kind: "environment", name }, { ...where, text });
}

async function show(call: PageCall, draft: Draft | null): Promise<PageReply> {
	const alive = await readAlive(call.deps);
	const environment = findOne(alive, "environment", nameIn(call));
	if (environment === null) return nothingHere("projects", `The environment "${nameIn(call)}"`);
	const { aliases, policy, channels, labels } = environment.values;
	const page = `${LIST}/${environment.name}`;
	const shown = draftOf({
		...{ aliases: aliases.join("\n"), policy, labels: labels.join("\n") },
		...{ "channels.slack": channels.slack ?? "", "channels.teams": channels.teams ?? "" },
	});
	const project = call.params["project"] ?? "";
	const slug = slugOf(environment);
	const content = (
		<>
			<Head
				title={
					<>
						{environment.name} <ManagedBadge by={environment.managedBy} />
					</>
				}
				back={{ path: `${LIST}/${project}`, label: project }}
			/>
			{environment.managedBy === "file" ? (
				<>
					<ManagedByFile what={`the environment ${environment.name}`} />
					<section class="card" aria-label="The environment">
						<EnvironmentFacts values={environment.values} />
					</section>
				</>
			) : (
				<>
					<section class="card" aria-label="The environment">
						<DraftForm action={page} draft={draft ?? shown} version={versionOf(environment, alive)}>
							<div class="fields">
								<Fields alive={alive} />
							</div>
							<button class="primary" type="submit">
								Save the environment
							</button>
						</DraftForm>
					</section>
					<Danger
						label="Remove this environment"
						says="Nothing can be released there any more. Its runs and the audit trail stay."
					>
						<Form action={`${page}/-remove`}>
							<button class="danger" type="submit">{`Remove ${slug}`}</button>
						</Form>
					</Danger>
				</>
			)}
		</>
	);
	return adminPage("projects", environment.name, content, statusOf(draft));
}
