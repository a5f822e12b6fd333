import type { StoredItem } from "../../../configuration/items.ts";
import { versionOf } from "../../../configuration/version-of.ts";
import { BASELINES, effectivePolicy } from "../../../core/policy.ts";
import { Columns } from "../columns.tsx";
import { Form } from "../layout.tsx";
import type { PageCall, PageReply, PageRoute } from "../page.tsx";
import { carryOutForm, carryOutRemoval, findOne, ofKind, readAlive } from "./carry-out.ts";
import { type Draft, DraftForm, sent, TextField } from "./fields.tsx";
import { adminPage, Danger, Head, ManagedBadge, ManagedByFile, ManagedCell, nothingHere } from "./frame.tsx";
import { assay, lookupIn, type Sketch, wishFor } from "./policy-assay.tsx";
import { Editor, Followed } from "./policy-editor.tsx";
import { statusOf } from "./projects.tsx";
import { EffectiveRules } from "./rules-facts.tsx";
import { RULE_NAMES, RULES_YAML, readRules, ruleValues, writeFields, writeRules } from "./rules-form.ts";

const LIST = "/admin/policies";

export const policyPages: readonly PageRoute[] = [
	{ method: "GET", path: LIST, admin: true, handle: list },
	{ method: "GET", path: `${LIST}/-new`, admin: true, handle: (call) => edit(call, null, fresh()) },
	{ method: "POST", path: `${LIST}/-new`, admin: true, handle: (call) => save(call, null) },
	{ method: "POST", path: `${LIST}/-new/-check`, admin: true, handle: (call) => follow(call, null) },
	{ method: "GET", path: `${LIST}/:policy`, admin: true, handle: show },
	{ method: "POST", path: `${LIST}/:policy`, admin: true, handle: (call) => save(call, call.params["policy"] ?? "") },
	{
		method: "POST",
		path: `${LIST}/:policy/-check`,
		admin: true,
		handle: (call) => follow(call, call.params["policy"] ?? ""),
	},
	{ method: "POST", path: `${LIST}/:policy/-remove`, admin: true, handle: remove },
];

async function list({ deps }: PageCall): Promise<PageReply> {
	const alive = await readAlive(deps);
	const stored = ofKind(alive, "policy");
	const builtIn = Object.keys(BASELINES).filter((slug) => !stored.some(({ name }) => name === slug));
	const content = (
		<>
			<Head title="Policies" says="What has to hold before something is released.">
				<a class="button primary" href={`${LIST}/-new`}>
					Add a policy
				</a>
			</Head>
			<div class="card scroll">
				<table class="stack">
					<Columns names={["Policy", "Builds on", "Rules", "Managed by"]} />
					<tbody>
						{stored.map((one) => (
							<tr key={one.id}>
								<td data-label="Policy">
									<a href={`${LIST}/${one.name}`}>
										<strong>{one.name}</strong>
									</a>
								</td>
								<td data-label="Builds on">{one.values.extends ?? <span class="soft">nothing</span>}</td>
								<td data-label="Rules">{ruled(alive, one.name)}</td>
								<ManagedCell by={one.managedBy} />
							</tr>
						))}
						{builtIn.map((slug) => (
							<tr key={slug}>
								<td data-label="Policy">
									<a href={`${LIST}/${slug}`}>{slug}</a>
								</td>
								<td data-label="Builds on">
									<span class="soft">nothing</span>
								</td>
								<td data-label="Rules">{ruled(alive, slug)}</td>
								<td data-label="Managed by">
									<span class="soft">built in</span>
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</>
	);
	return adminPage("policies", "Policies", content);
}

function ruled(alive: readonly StoredItem[], policy: string) {
	const places = ofKind(alive, "environment").filter((one) => one.values.policy === policy);
	return places.length === 0 ? <span class="soft">no environment</span> : places.map(({ name }) => name).join(", ");
}

const NAMES = ["slug", "extends", RULES_YAML, "base", ...RULE_NAMES] as const;

function fresh(): Draft {
	return {
		values: { slug: "", extends: "production", [RULES_YAML]: "", ...ruleValues({}) },
		problems: [],
		trouble: null,
	};
}

/** What was sent, with what was changed in the form written into the YAML, and the form filled from that. */
function draftIn(form: Readonly<Record<string, string>>): Draft {
	const values = sent(form, NAMES);
	const typed = Object.fromEntries(RULE_NAMES.flatMap((name) => (name in form ? [[name, values[name] ?? ""]] : [])));
	const base = readRules(values["base"] ?? "");
	const yaml = base.ok
		? writeFields(values[RULES_YAML] ?? "", ruleValues(base.rules), typed)
		: (values[RULES_YAML] ?? "");
	const read = readRules(yaml);
	// While it cannot be read the form stays as it was.
	const fields = read.ok ? ruleValues(read.rules) : typed;
	const { slug = "", extends: from = "" } = values;
	return { values: { slug: slug.trim(), extends: from, ...fields, [RULES_YAML]: yaml }, problems: [], trouble: null };
}

function sketchOf(name: string | null, { values }: Draft): Sketch {
	const { slug = "", extends: from = "" } = values;
	return { name, slug: name ?? slug, extends: from === "" ? null : from, yaml: values[RULES_YAML] ?? "" };
}

async function follow(call: PageCall, name: string | null): Promise<PageReply> {
	const draft = draftIn(call.form);
	const found = await assay(call.deps, sketchOf(name, draft));
	const side = call.form["side"] === "yaml" ? "yaml" : "form";
	const alive = await readAlive(call.deps);
	const moved = draft.values[RULES_YAML] !== sent(call.form, [RULES_YAML])[RULES_YAML];
	const content = (
		<Followed
			{...{ side, moved, name, alive, check: checkPath(name) }}
			draft={{ ...draft, problems: found.problems }}
			assay={found}
		/>
	);
	return { kind: "part", content };
}

const checkPath = (name: string | null) => `${LIST}/${name ?? "-new"}/-check`;

async function save(call: PageCall, name: string | null): Promise<PageReply> {
	const draft = draftIn(call.form);
	const again = (refused: Draft) => edit(call, name, refused);
	const sketch = sketchOf(name, draft);
	const read = readRules(sketch.yaml);
	if (!read.ok) return again({ ...draft, problems: [read.problem] });
	return carryOutForm(call, wishFor(sketch, read.rules), draft.values, {
		done: (item) => ({
			to: `${LIST}/${item?.name}`,
			text: name === null ? `The policy ${item?.name} is there.` : `The policy ${name} is changed.`,
		}),
		again,
	});
}

async function remove(call: PageCall): Promise<PageReply> {
	const name = call.params["policy"] ?? "";
	const where = { from: `${LIST}/${name}`, to: LIST };
	return carryOutRemoval(call, { kind: "policy", name }, { ...where, text: `The policy ${name} is removed.` });
}

async function show(call: PageCall): Promise<PageReply> {
	const alive = await readAlive(call.deps);
	const slug = call.params["policy"] ?? "";
	const policy = findOne(alive, "policy", slug);
	if (policy !== null && policy.managedBy !== "file") {
		const { rules } = policy.values;
		const values = { extends: policy.values.extends ?? "", [RULES_YAML]: writeRules(rules), ...ruleValues(rules) };
		return edit(call, policy.name, { values, problems: [], trouble: null });
	}
	if (policy === null && !Object.hasOwn(BASELINES, slug)) return nothingHere("policies", `The policy "${slug}"`);
	const stored = policy === null ? { extends: slug, rules: {} } : policy.values;
	const reading = effectivePolicy({ slug, ...stored }, lookupIn(alive));
	const yaml = writeRules(stored.rules);
	const content = (
		<>
			<Head
				title={
					<>
						{slug} {policy === null ? null : <ManagedBadge by={policy.managedBy} />}
					</>
				}
				says={policy?.values.extends == null ? undefined : `Builds on ${policy.values.extends}.`}
				back={{ path: LIST, label: "Policies" }}
			/>
			{policy === null ? (
				<p class="notice">This policy is built in. To change a rule of it, add a policy that builds on it.</p>
			) : (
				<ManagedByFile what={`the policy ${slug}`} />
			)}
			<div class="split even">
				<section class="card" aria-labelledby="effective">
					<h2 id="effective">What holds</h2>
					{reading.ok ? <EffectiveRules policy={reading.policy} /> : <p class="error">{reading.message}</p>}
				</section>
				{yaml === "" ? null : (
					<section class="card" aria-labelledby="yaml">
						<h2 id="yaml">Its rules</h2>
						<pre>{yaml}</pre>
					</section>
				)}
			</div>
		</>
	);
	return adminPage("policies", slug, content);
}

async function edit(call: PageCall, name: string | null, draft: Draft): Promise<PageReply> {
	const alive = await readAlive(call.deps);
	const policy = name === null ? null : findOne(alive, "policy", name);
	if (name !== null && policy === null) return nothingHere("policies", `The policy "${name}"`);
	if (policy?.managedBy === "file") {
		const text = draft.trouble ?? `draven.yaml manages the policy ${policy.name}: change it there.`;
		return { kind: "go", to: `${LIST}/${policy.name}`, said: { kind: "bad", text } };
	}
	const found = await assay(call.deps, sketchOf(name, draft));
	const page = `${LIST}/${name ?? "-new"}`;
	const content = (
		<>
			<Head
				title={
					<>
						{name ?? "A new policy"} {policy === null ? null : <ManagedBadge by={policy.managedBy} />}
					</>
				}
				back={{ path: LIST, label: "Policies" }}
			/>
			<DraftForm action={page} draft={draft} {...(policy === null ? {} : { version: versionOf(policy, alive) })}>
				{name === null ? (
					<div class="card">
						<TextField
							name="slug"
							label="Slug"
							required
							placeholder="prod-strict"
							hint="What environments name it by."
						/>
					</div>
				) : null}
				<Editor {...{ check: checkPath(name), draft, alive, name, assay: found }} />
				<div class="save">
					<button class="primary" type="submit">
						{name === null ? "Add the policy" : "Save the policy"}
					</button>
				</div>
			</DraftForm>
			{policy === null ? null : (
				<Danger label="Remove this policy" says="It goes only when no environment and no other policy builds on it.">
					<Form action={`${page}/-remove`}>
						<button class="danger" type="submit">{`Remove ${policy.name}`}</button>
					</Form>
				</Danger>
			)}
		</>
	);
	return adminPage("policies", name ?? "A new policy", content, statusOf(draft));
}
