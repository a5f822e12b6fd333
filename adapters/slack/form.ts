import type { types } from "@slack/bolt";
import type { FormChoices, RefChoice } from "../../src/ports/front.ts";
import { textAt } from "./body.ts";
import { plainText } from "./mrkdwn.ts";

export const FORM = "deploy_form";
/** Slack takes no more options in one list. */
const MAX_OPTIONS = 100;
const MAX_VALUE = 150;

/** Where the form was opened from: that is where its outcome is told. */
export interface Origin {
	readonly channel: string | null;
	readonly thread: string | null;
}

/** The form of a bare `/deploy`. The pickers of environment and ref belong to one project, and begin anew with another. */
export function deployForm(choices: FormChoices, picked: string | null, origin: Origin): types.ModalView {
	const projects = choices.projects;
	const only = projects.length === 1 ? projects[0] : undefined;
	const project = projects.find((one) => one.slug === picked) ?? only;
	return {
		type: "modal",
		callback_id: FORM,
		private_metadata: JSON.stringify(origin),
		title: plain("Deploy"),
		...(projects.length === 0 ? {} : { submit: plain("Deploy") }),
		close: plain("Leave it"),
		blocks:
			projects.length === 0
				? [{ type: "section", text: plain("No project is set up yet. An admin adds them with draven apply.") }]
				: [projectPicker(choices, project?.slug ?? null), ...(project === undefined ? [] : details(project))],
	};
}

function projectPicker(choices: FormChoices, picked: string | null): types.InputBlock {
	const options = choices.projects.map(({ slug, name }) => option(name === slug ? slug : `${name} (${slug})`, slug));
	const initial = options.find((one) => one.value === picked);
	const shared = {
		action_id: "project",
		placeholder: plain("Pick a project"),
		...(initial === undefined ? {} : { initial_option: initial }),
	};
	return {
		type: "input",
		block_id: "project",
		dispatch_action: true,
		label: plain("Project"),
		element:
			options.length <= MAX_OPTIONS
				? { type: "static_select", options, ...shared }
				: { type: "external_select", min_query_length: 0, ...shared },
	};
}

function details(project: FormChoices["projects"][number]): types.KnownBlock[] {
	const environments = project.environments.slice(0, MAX_OPTIONS).map(({ slug }) => option(slug, slug));
	return [
		environments.length === 0
			? { type: "section", text: plain("This project has no environment yet.") }
			: {
					type: "input",
					block_id: `environment:${project.slug}`,
					label: plain("Environment"),
					element: {
						type: "static_select",
						action_id: "environment",
						placeholder: plain("Pick an environment"),
						options: environments,
					},
				},
		{
			type: "input",
			block_id: `ref:${project.slug}`,
			optional: true,
			label: plain("Version"),
			hint: plain("A tag, a branch or a commit. Without one, the project's default."),
			element: {
				type: "external_select",
				action_id: "ref",
				min_query_length: 0,
				placeholder: plain("Pick or type a version"),
			},
		},
		{
			type: "input",
			block_id: "reason",
			optional: true,
			label: plain("Reason"),
			element: { type: "plain_text_input", action_id: "reason", max_length: 500 },
		},
		{
			type: "input",
			block_id: "dry_run",
			optional: true,
			label: plain("Dry-run"),
			element: {
				type: "checkboxes",
				action_id: "dry_run",
				options: [option("Only try: the pipeline starts with TYPE=dry-run", "yes")],
			},
		},
	];
}

function plain(text: string): types.PlainTextElement {
	return { type: "plain_text", text, emoji: false };
}

function option(label: string, value: string): types.PlainTextOption {
	return { text: plain(plainText(label, 75)), value };
}

/** The options of a picker: what Slack asks for while a person types. */
export function projectOptions(choices: FormChoices, query: string): { options: types.PlainTextOption[] } {
	const wanted = query.toLowerCase();
	const fits = choices.projects.filter(({ slug, name }) => `${slug} ${name}`.toLowerCase().includes(wanted));
	return {
		options: fits
			.slice(0, MAX_OPTIONS)
			.map(({ slug, name }) => option(name === slug ? slug : `${name} (${slug})`, slug)),
	};
}

/** What was typed can be picked as well: a commit is in no list. */
export function refOptions(refs: readonly RefChoice[], query: string): { options: types.PlainTextOption[] } {
	const known = refs
		.filter(({ name }) => name.length <= MAX_VALUE)
		.map(({ name, kind }) => option(`${name} (${kind})`, name));
	const typed = query.trim();
	const extra =
		typed !== "" && !/\s/.test(typed) && typed.length <= MAX_VALUE && !refs.some(({ name }) => name === typed)
			? [option(typed, typed)]
			: [];
	return { options: [...extra, ...known].slice(0, MAX_OPTIONS) };
}

/** The project that a ref picker belongs to, by the id of its block. */
export function projectOfRefBlock(block: string): string {
	return block.slice("ref:".length);
}

function picked(view: unknown, block: string, action: string): string | null {
	return textAt(view, "state", "values", block, action, "selected_option", "value");
}

/** What stands against sending the form, by block; null: nothing. */
export function formProblems(view: unknown): Record<string, string> | null {
	const project = picked(view, "project", "project");
	if (project === null) return { project: "Pick a project." };
	if (picked(view, `environment:${project}`, "environment") !== null) return null;
	// The person was faster than the list of the project's environments.
	return { project: "Pick one of its environments as well." };
}

/** The command that the form stands for; null when it is not filled in. */
export function formCommand(view: unknown): string | null {
	const project = picked(view, "project", "project");
	const environment = project === null ? null : picked(view, `environment:${project}`, "environment");
	if (project === null || environment === null) return null;
	const ref = picked(view, `ref:${project}`, "ref");
	const reason = textAt(view, "state", "values", "reason", "reason", "value");
	const dryRun = textAt(view, "state", "values", "dry_run", "dry_run", "selected_options", 0, "value") !== null;
	return [
		`deploy ${project}${ref === null ? "" : `@${ref}`} to ${environment}`,
		...(dryRun ? ["--dry-run"] : []),
		...(reason === null ? [] : [`--reason ${quoted(reason)}`]),
	].join(" ");
}

/** In quotes that do not occur in it. */
function quoted(text: string): string {
	const line = text.replace(/\s+/g, " ").trim();
	if (!line.includes('"')) return `"${line}"`;
	return line.includes("»") ? `"${line.replaceAll('"', "'")}"` : `«${line}»`;
}

export function readOrigin(metadata: unknown): Origin {
	try {
		const value: unknown = JSON.parse(typeof metadata === "string" ? metadata : "");
		return { channel: textAt(value, "channel"), thread: textAt(value, "thread") };
	} catch {
		return { channel: null, thread: null };
	}
}
