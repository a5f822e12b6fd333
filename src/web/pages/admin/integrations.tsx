import { changeEntry } from "../../../configuration/change-entry.ts";
import { makeWebhookSecret } from "../../../configuration/make-webhook-secret.ts";
import { entryOf } from "../../../configuration/read-entry.ts";
import { versionOf } from "../../../configuration/version-of.ts";
import type { Outcome } from "../../../core/refusal.ts";
import type { Finding } from "../../../ports/checkup.ts";
import { type IntegrationRow, IntegrationTable, ProjectTable, type Provider } from "../../../store/entities.ts";
import { lastDeliveries } from "../../../store/webhook-deliveries.ts";
import { askNow, type Deliveries, lastSent, sendAgain } from "../../../use-cases/deliveries.ts";
import { actorOf } from "../../../use-cases/identify.ts";
import { Form } from "../layout.tsx";
import { doneAt, type PageCall, type PageReply, type PageRoute, refusedAt } from "../page.tsx";
import { carryOutForm, findOne, readAlive } from "./carry-out.ts";
import { type Draft, DraftForm, draftOf, sent, TextField } from "./fields.tsx";
import { adminPage, Danger, Head, ManagedBadge, ManagedByFile, nothingHere } from "./frame.tsx";
import { Checkup } from "./integration-checkup.tsx";
import { SentWebhooks } from "./integration-deliveries.tsx";
import {
	IntegrationFields,
	integrationEntryIn,
	integrationValues,
	isProvider,
	namesFor,
	PROVIDERS,
	withoutSecrets,
} from "./integration-form.tsx";
import { listIntegrations } from "./integration-list.tsx";
import { Delivery, Webhook } from "./integration-webhook.tsx";
import { statusOf } from "./projects.tsx";

const LIST = "/admin/integrations";

export const integrationPages: readonly PageRoute[] = [
	{ method: "GET", path: LIST, admin: true, handle: listIntegrations },
	{ method: "GET", path: `${LIST}/-new`, admin: true, handle: async () => choose() },
	{ method: "GET", path: `${LIST}/-new/:provider`, admin: true, handle: async (call) => showNew(call, null) },
	{ method: "POST", path: `${LIST}/-new/:provider`, admin: true, handle: create },
	{ method: "GET", path: `${LIST}/:integration`, admin: true, handle: (call) => show(call, {}) },
	{ method: "GET", path: `${LIST}/:integration/-delivery`, admin: true, handle: delivery },
	{ method: "POST", path: `${LIST}/:integration`, admin: true, handle: change },
	{ method: "POST", path: `${LIST}/:integration/-check`, admin: true, handle: check },
	{ method: "GET", path: `${LIST}/:integration/-deliveries`, admin: true, handle: deliveries },
	{ method: "POST", path: `${LIST}/:integration/-redeliver`, admin: true, handle: redeliver },
	{ method: "POST", path: `${LIST}/:integration/-ask`, admin: true, handle: ask },
	{ method: "POST", path: `${LIST}/:integration/-secret`, admin: true, handle: makeSecret },
	{ method: "POST", path: `${LIST}/:integration/-remove`, admin: true, handle: remove },
];

function choose(): PageReply {
	const content = (
		<>
			<Head title="A new integration" says="Where do its pipelines run?" back={{ path: LIST, label: "Integrations" }} />
			<div class="grid figures four">
				{Object.entries(PROVIDERS).map(([provider, { name, says }]) => (
					<a class="card figure" key={provider} href={`${LIST}/-new/${provider}`}>
						<strong>{name}</strong>
						<span class="soft">{says}</span>
					</a>
				))}
			</div>
		</>
	);
	return adminPage("integrations", "A new integration", content);
}

function providerIn({ params }: PageCall): Provider | null {
	return isProvider(params["provider"]) ? params["provider"] : null;
}

function showNew(call: PageCall, draft: Draft | null): PageReply {
	const provider = providerIn(call);
	if (provider === null) return nothingHere("integrations", `The provider "${call.params["provider"]}"`);
	const page = `${LIST}/-new/${provider}`;
	const { name } = PROVIDERS[provider];
	const content = (
		<>
			<Head title={`A new integration: ${name}`} back={{ path: `${LIST}/-new`, label: "Another provider" }} />
			<section class="card">
				<DraftForm action={page} draft={draft ?? draftOf({ slug: "", ...integrationValues(provider, {}) })}>
					<div class="fields">
						<TextField
							name="slug"
							label="Slug"
							required
							placeholder={`acme-${provider}`}
							hint="What projects name it by."
						/>
					</div>
					<IntegrationFields provider={provider} before={{}} />
					<button class="primary" type="submit">
						Add the integration
					</button>
				</DraftForm>
			</section>
		</>
	);
	return adminPage("integrations", `A new integration: ${name}`, content, statusOf(draft));
}

async function create(call: PageCall): Promise<PageReply> {
	const provider = providerIn(call);
	if (provider === null) return nothingHere("integrations", `The provider "${call.params["provider"]}"`);
	const values = sent(call.form, ["slug", ...namesFor(provider)]);
	const entry = { slug: values["slug"]?.trim(), ...integrationEntryIn(provider, values, {}) };
	return carryOutForm(call, { kind: "integration", action: "create", entry }, withoutSecrets(provider, values), {
		done: (item) => ({
			to: `${LIST}/${item?.name}`,
			text: `The integration ${item?.name} is there. Check it, and set its webhook up.`,
		}),
		again: async (draft) => showNew(call, draft),
	});
}

async function change(call: PageCall): Promise<PageReply> {
	const alive = await readAlive(call.deps);
	const integration = findOne(alive, "integration", call.params["integration"] ?? "");
	if (integration === null) return nothingHere("integrations", `The integration "${call.params["integration"]}"`);
	const { name } = integration;
	const { provider } = integration.values;
	const values = sent(call.form, namesFor(provider));
	const entry = integrationEntryIn(provider, values, entryOf(integration, alive));
	return carryOutForm(call, { kind: "integration", action: "replace", name, entry }, withoutSecrets(provider, values), {
		done: () => ({ to: `${LIST}/${name}`, text: `The integration ${name} is changed.` }),
		again: (draft) => show(call, { draft }),
	});
}

async function remove(call: PageCall): Promise<PageReply> {
	const name = call.params["integration"] ?? "";
	const changed = await changeEntry(call.deps, { kind: "integration", name, action: "remove" }, actorOf(call.caller));
	return changed.ok ? doneAt(LIST, await removedWords(call, name)) : refusedAt(`${LIST}/${name}`, changed.refusal);
}

/** What the past points to stays as an entry without secrets. */
async function removedWords(call: PageCall, name: string): Promise<string> {
	const left = await rowOf(call);
	if (left === null) return `The integration ${name} is removed.`;
	const projects = await call.deps.db
		.getRepository(ProjectTable)
		.find({ where: { integrationId: left.id }, order: { slug: "ASC" } });
	const [first, ...more] = projects.map(({ slug }) => slug);
	const why =
		first === undefined
			? "tokens or work of runners were made for it"
			: more.length === 0
				? `the archived project ${first} points to it`
				: `the archived projects ${[first, ...more].join(", ")} point to it`;
	return `The integration ${name} is removed and its secrets are deleted. Its name stays in the list, because ${why}, and their past is kept.`;
}

async function makeSecret(call: PageCall): Promise<PageReply> {
	const { deps, caller } = call;
	const name = call.params["integration"] ?? "";
	const changed = await makeWebhookSecret(deps, name, actorOf(caller));
	return changed.ok ? show(call, { secret: changed.value }) : refusedAt(`${LIST}/${name}`, changed.refusal);
}

async function check(call: PageCall): Promise<PageReply> {
	const { deps, examineIntegration, form } = call;
	const row = await deps.db.getRepository(IntegrationTable).findOneBy({ slug: call.params["integration"] ?? "" });
	if (row === null || examineIntegration === null)
		return nothingHere("integrations", `The integration "${call.params["integration"]}"`);
	return show(call, { findings: await examineIntegration(row, { fix: form["fix"] === "yes" }) });
}

async function rowOf({ deps, params }: PageCall): Promise<IntegrationRow | null> {
	return deps.db.getRepository(IntegrationTable).findOneBy({ slug: params["integration"] ?? "" });
}

async function deliveries(call: PageCall): Promise<PageReply> {
	const row = await rowOf(call);
	if (row === null) return nothingHere("integrations", `The integration "${call.params["integration"]}"`);
	return show(call, { sent: await lastSent(call.deps, call.caller, row) });
}

async function redeliver(call: PageCall): Promise<PageReply> {
	const row = await rowOf(call);
	if (row === null) return nothingHere("integrations", `The integration "${call.params["integration"]}"`);
	const page = `${LIST}/${row.slug}`;
	const again = await sendAgain(call.deps, call.caller, row, call.form["delivery"] ?? null);
	if (!again.ok) return refusedAt(page, again.refusal);
	const { delivery, answer } = again.value;
	const how = answer === null ? "is sent again: look in a moment whether it was taken." : `was sent again: ${answer}.`;
	return doneAt(`${page}/-deliveries`, `The delivery ${delivery.id} (${delivery.event}) ${how}`);
}

async function ask(call: PageCall): Promise<PageReply> {
	const row = await rowOf(call);
	if (row === null) return nothingHere("integrations", `The integration "${call.params["integration"]}"`);
	const page = `${LIST}/${row.slug}`;
	const asked = await askNow(call.deps, call.caller, row);
	if (!asked.ok) return refusedAt(page, asked.refusal);
	const runs = asked.value === 1 ? "one run that is" : `${asked.value} runs that are`;
	return doneAt(
		page,
		asked.value === 0
			? "Nothing is at work there that could be asked after."
			: `The provider is asked after ${runs} at work.`,
	);
}

async function delivery({ deps, params }: PageCall): Promise<PageReply> {
	const row = await deps.db.getRepository(IntegrationTable).findOneBy({ slug: params["integration"] ?? "" });
	if (row === null) return nothingHere("integrations", `The integration "${params["integration"]}"`);
	const last = (await lastDeliveries(deps.db)).get(row.id) ?? {};
	return { kind: "part", content: <Delivery page={`${LIST}/${row.slug}`} last={last} /> };
}

/** What is shown once, in the answer to a form. */
interface News {
	readonly draft?: Draft;
	readonly findings?: readonly Finding[];
	readonly secret?: string;
	/** What the provider says that it sent. */
	readonly sent?: Outcome<Deliveries>;
}

async function show(call: PageCall, { draft, findings, secret, sent: told }: News): Promise<PageReply> {
	const { deps, params } = call;
	const alive = await readAlive(deps);
	const integration = findOne(alive, "integration", params["integration"] ?? "");
	if (integration === null) return nothingHere("integrations", `The integration "${params["integration"]}"`);
	const { name, managedBy, values } = integration;
	const { provider } = values;
	const page = `${LIST}/${name}`;
	const entry = entryOf(integration, alive);
	const last = (await lastDeliveries(deps.db)).get(integration.id) ?? {};
	const content = (
		<>
			<Head
				title={
					<>
						{name} <ManagedBadge by={managedBy} />
					</>
				}
				says={PROVIDERS[provider].name}
				back={{ path: LIST, label: "Integrations" }}
			/>
			{call.examineIntegration === null ? null : (
				<Checkup page={page} findings={findings ?? null} fixes={provider !== "runner"} />
			)}
			<div class="split even">
				<section class="card" aria-labelledby="settings">
					<h2 id="settings">Settings</h2>
					{managedBy === "file" ? (
						<>
							<ManagedByFile what={`the integration ${name}`} />
							<dl class="facts">
								{Object.entries(entry).map(([key, value]) => [
									<dt key={`${key} name`}>{key}</dt>,
									<dd key={key}>
										<code>{typeof value === "string" ? value : JSON.stringify(value)}</code>
									</dd>,
								])}
							</dl>
						</>
					) : provider === "runner" ? (
						<IntegrationFields provider={provider} before={entry} />
					) : (
						<DraftForm
							action={page}
							draft={draft ?? draftOf(integrationValues(provider, entry))}
							version={versionOf(integration, alive)}
						>
							<IntegrationFields provider={provider} before={entry} />
							<button class="primary" type="submit">
								Save the integration
							</button>
						</DraftForm>
					)}
				</section>
				{provider === "runner" ? (
					<Runners name={name} url={deps.publicUrl} />
				) : (
					<Webhook
						{...{ integration, page, last, secret: secret ?? null }}
						url={`${deps.publicUrl}/webhooks/${provider}/${name}`}
					/>
				)}
			</div>
			{provider === "runner" ? null : <SentWebhooks page={page} sent={told ?? null} tells={provider !== "bitbucket"} />}
			{managedBy === "file" ? null : (
				<Danger
					label="Remove this integration"
					says="It goes only when no project uses it. Its secrets are forgotten at once."
				>
					<Form action={`${page}/-remove`}>
						<button class="danger" type="submit">{`Remove ${name}`}</button>
					</Form>
				</Danger>
			)}
		</>
	);
	return adminPage("integrations", name, content, statusOf(draft ?? null));
}

function Runners({ name, url }: { readonly name: string; readonly url: string }) {
	return (
		<section class="card" aria-labelledby="runners">
			<h2 id="runners">Runners</h2>
			<ol>
				<li>
					<a href="/admin/tokens">Make a token</a> for the work of a runner, for {name}.
				</li>
				<li>
					On the machine: <code>{`draven runner --url ${url} --token-file - < token`}</code>
				</li>
			</ol>
			<p class="soft">The check says which runners wait for work.</p>
		</section>
	);
}
