import { closest } from "fastest-levenshtein";
import { NUMBER, type Parameter } from "../policy-schema.ts";
import type { RuleVerdict } from "../verdict.ts";
import { holds, notApplicable, refuses } from "./outcome.ts";

type Child = RuleVerdict["children"][number];

/** Checks what was given against what is declared, and fills in the defaults: what the pipeline gets, and nothing else. */
export function parametersRule(
	declared: Readonly<Record<string, Parameter>>,
	given: Readonly<Record<string, string>>,
): { readonly verdict: RuleVerdict; readonly values: Readonly<Record<string, string>> } {
	const values = new Map<string, string>();
	const children: Child[] = [];
	for (const name of Object.keys(given))
		if (!Object.hasOwn(declared, name)) children.push(unknown(name, Object.keys(declared)));
	for (const [name, parameter] of Object.entries(declared)) {
		const value = Object.hasOwn(given, name) ? given[name] : parameter.default;
		if (value === undefined) {
			if (parameter.required === true)
				children.push({ name, holds: false, reason: `is needed: ${describe(name, parameter)}` });
			continue;
		}
		const text = String(value);
		const wrong = problem(parameter, text);
		if (wrong === null) values.set(name, text);
		children.push({ name, holds: wrong === null, reason: wrong ?? `is ${text}` });
	}
	const bad = children.filter((child) => !child.holds);
	if (bad.length > 0) {
		const reason = bad.map((child) => `${child.name} ${child.reason}`).join("; ");
		return {
			verdict: refuses(
				"parameters",
				"bad_parameter",
				`The parameters do not fit: ${reason}.`,
				remedy(declared),
				children,
			),
			values: Object.fromEntries(values),
		};
	}
	const names = Object.keys(declared);
	const verdict =
		children.length > 0
			? holds("parameters", "parameters_fit", "The parameters fit.", children)
			: names.length === 0
				? notApplicable("parameters", "This environment has no parameters.")
				: holds("parameters", "none_given", `None is given, and none is needed; there is ${names.join(", ")}.`);
	return { verdict, values: Object.fromEntries(values) };
}

function unknown(name: string, names: readonly string[]): Child {
	const hint =
		names.length === 0
			? "this environment declares none"
			: `did you mean ${closest(name, [...names])}? Declared are ${names.join(", ")}`;
	return { name, holds: false, reason: `is not declared: ${hint}` };
}

function problem(parameter: Parameter, text: string): string | null {
	const said = text === "" ? "is empty" : `is ${text}`;
	switch (parameter.type) {
		case "boolean":
			return text === "true" || text === "false" ? null : `${said}, and has to be true or false`;
		case "choice":
			return parameter.options.includes(text) ? null : `${said}, and has to be one of ${parameter.options.join(", ")}`;
		case "number":
			return NUMBER.test(text) ? null : `${said}, and has to be a number`;
		case "string":
			return text.length <= 1_000 && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)
				? null
				: `has to be one line of at most 1,000 characters`;
		default:
			return parameter satisfies never;
	}
}

function remedy(declared: Readonly<Record<string, Parameter>>): string {
	const forms = Object.entries(declared).map(([name, parameter]) => describe(name, parameter));
	return forms.length === 0 ? "Leave them out." : `Write them behind the environment: ${forms.join(" ")}.`;
}

function describe(name: string, parameter: Parameter): string {
	return parameter.type === "choice" || parameter.type === "boolean"
		? `${name}=${(parameter.type === "choice" ? parameter.options : ["true", "false"]).join("|")}`
		: `${name}=<${parameter.type}>`;
}
