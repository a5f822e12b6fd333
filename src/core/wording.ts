import type { z } from "zod";

const KINDS: Readonly<Record<string, string>> = {
	array: "a list",
	object: "a map of keys and values",
	record: "a map of keys and values",
	string: "a text",
	boolean: "true or false",
	int: "a whole number",
};

/** What zod's own checks say, in our words: the rest of a sentence that begins with the place. A schema's own sentence goes before. */
export function wording(issue: z.core.$ZodRawIssue): string | undefined {
	switch (issue.code) {
		case "invalid_type":
			return issue.input === undefined ? "is missing" : `has to be ${KINDS[issue.expected] ?? `a ${issue.expected}`}`;
		case "invalid_value":
			return issue.input === undefined ? "is missing" : `has to be one of ${issue.values.map(String).join(", ")}`;
		case "too_small":
			return `${size(issue.origin)} at least ${issue.minimum}${unit(issue.origin)}`;
		case "too_big":
			return `${size(issue.origin)} at most ${issue.maximum}${unit(issue.origin)}`;
		default:
			return undefined;
	}
}

function unit(origin: string): string {
	return origin === "array" ? " entries" : origin === "string" ? " letters" : "";
}

function size(origin: string): string {
	return unit(origin) === "" ? "has to be" : "has to have";
}
