import { z } from "zod";

const text = z.string().min(1);
const ChoiceSet = z.strictObject({
	...{ type: z.literal("Input.ChoiceSet"), id: text, label: text, style: z.enum(["filtered", "compact"]).optional() },
	...{ placeholder: text.optional(), isRequired: z.boolean().optional(), errorMessage: text.optional() },
	choices: z.array(z.strictObject({ title: text, value: text })),
});
const TextInput = z.strictObject({
	...{ type: z.literal("Input.Text"), id: text, label: text, maxLength: z.number().optional() },
	...{ placeholder: text.optional(), isRequired: z.boolean().optional(), errorMessage: text.optional() },
	isMultiline: z.boolean().optional(),
});
const Toggle = z.strictObject({ type: z.literal("Input.Toggle"), id: text, title: text });
const TextBlock = z.strictObject({
	...{ type: z.literal("TextBlock"), text, wrap: z.literal(true).optional(), separator: z.boolean().optional() },
	...{ size: z.enum(["Small", "Large", "ExtraLarge"]).optional(), weight: z.literal("Bolder").optional() },
	...{ isSubtle: z.boolean().optional(), fontType: z.literal("Monospace").optional() },
	style: z.literal("heading").optional(),
});
const FactSet = z.strictObject({
	type: z.literal("FactSet"),
	facts: z.array(z.strictObject({ title: text, value: text })).min(1),
});
const about = { title: text.max(100), tooltip: text.optional() };
const style = { style: z.enum(["default", "positive", "destructive"]).optional() };
const sent = { data: z.record(z.string(), z.unknown()), associatedInputs: z.enum(["auto", "none"]).optional() };
const Submit = z.strictObject({ type: z.literal("Action.Submit"), ...about, ...style, ...sent });
const Execute = z.strictObject({
	...{ type: z.literal("Action.Execute"), ...about, ...style, ...sent, verb: text },
	fallback: Submit,
});
const OpenUrl = z.strictObject({ type: z.literal("Action.OpenUrl"), ...about, url: z.url() });
const Inner = z.strictObject({
	...{ type: z.literal("AdaptiveCard"), version: z.literal("1.5"), actions: z.array(Execute).length(1) },
	body: z.array(z.union([TextBlock, TextInput])).min(1),
});
const ShowCard = z.strictObject({ type: z.literal("Action.ShowCard"), ...about, ...style, card: Inner });
const Action = z.union([Execute, OpenUrl, ShowCard]);
const ActionSet = z.strictObject({ type: z.literal("ActionSet"), actions: z.array(Action).min(1).max(6) });

/** The part of Adaptive Cards 1.5 that we use, as its schema and Teams have it. */
/** A mention stands in a text of the card, to the letter. */
const Mention = z.strictObject({
	...{ type: z.literal("mention"), text: z.string().regex(/^<at>[^<>]+<\/at>$/) },
	mentioned: z.strictObject({ id: text, name: text }),
});
const TeamsOnly = z.strictObject({
	...{ width: z.literal("Full").optional(), entities: z.array(Mention).min(1).optional() },
});

const AdaptiveCard = z.strictObject({
	...{ type: z.literal("AdaptiveCard"), version: z.literal("1.5"), $schema: z.url(), fallbackText: text },
	...{ speak: text.optional(), msteams: TeamsOnly.optional() },
	body: z.array(z.union([TextBlock, FactSet, ActionSet, ChoiceSet, TextInput, Toggle])).min(1),
	actions: z.array(Action).max(6).optional(),
	refresh: z
		.strictObject({ action: Execute.omit({ fallback: true }), userIds: z.array(text).min(1).max(60) })
		.optional(),
});

/** What is wrong with a card; empty: nothing. */
export function adaptiveCardProblems(card: unknown): string[] {
	const read = AdaptiveCard.safeParse(card);
	return read.success ? [] : read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}
