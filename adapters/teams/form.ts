import { z } from "zod";
import type { FormChoices, RefChoice } from "../../src/ports/front.ts";
import { type Element, press } from "./card-action.ts";
import type { Message } from "./connection.ts";
import { cut } from "./markdown.ts";
import { CARD_TYPE } from "./render-card.ts";

const MAX_CHOICES = 300;

/** The project that the form is about: the one that was picked, or the only one. */
export function projectOfForm(choices: FormChoices, picked: string | null): FormChoices["projects"][number] | null {
	const only = choices.projects.length === 1 ? choices.projects[0] : undefined;
	return choices.projects.find(({ slug }) => slug === picked) ?? only ?? null;
}

/** The form of a bare `deploy`: a project first; its environments and versions are asked for with the second card. */
export function deployForm(
	choices: FormChoices,
	project: FormChoices["projects"][number] | null,
	refs: readonly RefChoice[],
): Element {
	if (choices.projects.length === 0)
		return cardOf([words("No project is set up yet. An admin adds them with draven apply.")], []);
	if (project === null) return cardOf([projectPicker(choices)], [next()]);
	if (project.environments.length === 0) return cardOf([words(`${project.slug} has no environment yet.`)], []);
	return cardOf([words(`Deploy ${project.slug}`), ...details(project, refs)], [send(project.slug)]);
}

export function formMessage(form: Element): Message {
	return { type: "message", summary: "Deploy", attachments: [{ contentType: CARD_TYPE, content: form }] };
}

function cardOf(body: readonly Element[], actions: readonly Element[]): Element {
	return {
		...{ type: "AdaptiveCard", $schema: "http://adaptivecards.io/schemas/adaptive-card.json", version: "1.5" },
		fallbackText: "This client shows no forms. Write the command instead, such as: deploy web@v1.4.2 to stage",
		body,
		actions,
	};
}

const words = (text: string): Element => ({ type: "TextBlock", text, wrap: true, weight: "Bolder" });
const next = () =>
	press({ title: "Next", tooltip: "Show this project's environments" }, { act: "form", project: null });
const send = (project: string) =>
	press({ title: "Deploy", style: "positive", tooltip: `Deploy ${project}` }, { act: "form", project });

function projectPicker({ projects }: FormChoices): Element {
	return {
		...{ type: "Input.ChoiceSet", id: "project", label: "Project", style: "filtered", placeholder: "Pick a project" },
		...{ isRequired: true, errorMessage: "Pick a project." },
		choices: projects
			.slice(0, MAX_CHOICES)
			.map(({ slug, name }) => ({ title: cut(name === slug ? slug : `${name} (${slug})`, 100), value: slug })),
	};
}

function details({ environments }: FormChoices["projects"][number], refs: readonly RefChoice[]): Element[] {
	return [
		{
			...{ type: "Input.ChoiceSet", id: "environment", label: "Environment", placeholder: "Pick an environment" },
			...{ isRequired: true, errorMessage: "Pick an environment." },
			choices: environments.slice(0, MAX_CHOICES).map(({ slug }) => ({ title: slug, value: slug })),
		},
		...(refs.length === 0 ? [] : [refPicker(refs)]),
		{
			...{ type: "Input.Text", id: "typed", maxLength: 250 },
			label: refs.length === 0 ? "Version" : "Or another version",
			placeholder: "A tag, a branch or a commit. Without one, the project's default.",
		},
		{ type: "Input.Text", id: "reason", label: "Reason", maxLength: 500 },
		{ type: "Input.Toggle", id: "dryRun", title: "Only try: the pipeline starts with TYPE=dry-run" },
	];
}

function refPicker(refs: readonly RefChoice[]): Element {
	return {
		...{ type: "Input.ChoiceSet", id: "ref", label: "Version", style: "filtered", placeholder: "Pick a version" },
		choices: refs
			.filter(({ name }) => name.length <= 250)
			.map(({ name, kind }) => ({ title: cut(`${name} (${kind})`, 100), value: name })),
	};
}

const optional = z
	.string()
	.max(1_000)
	.nullish()
	.catch(null)
	.transform((value) => value?.replace(/\s+/g, " ").trim() || null);

/** What stands beside a button: the card's inputs. */
export const Inputs = z.object({
	project: optional,
	environment: optional,
	ref: optional,
	typed: optional,
	reason: optional,
	dryRun: optional,
});
export type Inputs = z.infer<typeof Inputs>;

/** The command that the form stands for; null when it is not filled in. */
export function formCommand(project: string, inputs: Inputs): string | null {
	const { environment, reason, dryRun } = inputs;
	const ref = inputs.typed ?? inputs.ref;
	if (environment === null || (ref !== null && /\s/.test(ref))) return null;
	return [
		`deploy ${project}${ref === null ? "" : `@${ref}`} to ${environment}`,
		...(dryRun === "true" ? ["--dry-run"] : []),
		...(reason === null ? [] : [`--reason ${quoted(reason)}`]),
	].join(" ");
}

/** In quotes that do not occur in it. */
function quoted(text: string): string {
	if (!text.includes('"')) return `"${text}"`;
	return text.includes("»") ? `"${text.replaceAll('"', "'")}"` : `«${text}»`;
}
