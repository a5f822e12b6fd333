import type { z } from "zod";

const KINDS: Readonly<Record<string, string>> = {
	array: "a list",
	object: "a map of keys and values",
	record: "a map of keys and values",
	string: "a text",
	boolean: "true or false",
	number: "a number",
	int: "a whole number",
};

/** What a schema's own checks say, as the rest of a sentence that begins with the key; a schema's own words go before. */
export function wording(issue: z.core.$ZodRawIssue): string | undefined {
	switch (issue.code) {
		case "invalid_type":
			return issue.input === undefined ? "is missing" : `has to be ${KINDS[issue.expected] ?? issue.expected}`;
		case "invalid_value":
			return issue.input === undefined ? "is missing" : `has to be one of ${issue.values.map(String).join(", ")}`;
		case "too_small":
			return issue.origin === "string" ? "is empty" : `has to be ${issue.minimum} or more`;
		case "too_big":
			if (issue.origin === "string") return `is longer than ${issue.maximum} characters`;
			return issue.origin === "array" ? `has more than ${issue.maximum} entries` : `has to be at most ${issue.maximum}`;
		case "invalid_union":
			return "is nothing that can stand here";
		case "invalid_format":
			return "has not the form that it needs";
		default:
			return undefined;
	}
}

/** The first things that are wrong, each with its path, in one line. */
export function problemsOf(error: z.ZodError): string {
	const sentences = error.issues.flatMap((issue) => {
		const say = (path: readonly PropertyKey[], message: string) =>
			`${path.length === 0 ? "It" : path.map(String).join(".")} ${message}`;
		if (issue.code !== "unrecognized_keys") return [say(issue.path, issue.message)];
		return issue.keys.map((key) => say([...issue.path, key.slice(0, 100)], "is not known here"));
	});
	return `${sentences.slice(0, 5).join("; ")}.`;
}
