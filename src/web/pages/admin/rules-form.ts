import { Document, isMap, isScalar, type Node, parseDocument, visit } from "yaml";
import type { Problem } from "../../../configuration/problem.ts";
import type { EffectivePolicy } from "../../../core/policy.ts";

type Kind = "words" | "lines" | "number" | "switch" | "text" | "windows";

/** The rules that most policies set, as fields of a form. Everything else is written in the YAML beside it. */
export const RULE_FIELDS: readonly { readonly path: string; readonly kind: Kind }[] = [
	{ path: "refs.branches", kind: "words" },
	{ path: "refs.tags", kind: "words" },
	{ path: "refs.shas", kind: "switch" },
	{ path: "approvals.required", kind: "number" },
	{ path: "approvals.self", kind: "switch" },
	{ path: "approvals.commitAuthors", kind: "switch" },
	{ path: "approvals.expiresAfter", kind: "text" },
	{ path: "approvals.holdsQueue", kind: "switch" },
	{ path: "ci.mode", kind: "text" },
	{ path: "ci.checks", kind: "lines" },
	{ path: "windows.timezone", kind: "text" },
	{ path: "windows.allow", kind: "windows" },
	{ path: "promotion.from", kind: "text" },
	{ path: "promotion.soak", kind: "text" },
	{ path: "rollback.enabled", kind: "switch" },
	{ path: "rollback.approvals", kind: "number" },
	{ path: "force.enabled", kind: "switch" },
	{ path: "force.role", kind: "text" },
	{ path: "dryRun.enabled", kind: "switch" },
	{ path: "queue.limit", kind: "number" },
	{ path: "timeouts.queue", kind: "text" },
	{ path: "timeouts.run", kind: "text" },
];

export const RULES_YAML = "rules";
export const nameOf = (path: string) => `rules.${path}`;
export const RULE_NAMES = RULE_FIELDS.map(({ path }) => nameOf(path));

type Values = Readonly<Record<string, string>>;

export type RulesReading =
	| { readonly ok: true; readonly rules: unknown }
	| { readonly ok: false; readonly problem: Problem };

const MOST = 100_000;

/** `rules` as YAML; an empty text is no rule. */
export function readRules(yaml: string): RulesReading {
	const failed = (message: string): RulesReading => ({ ok: false, problem: { path: [RULES_YAML], message } });
	if (yaml.length > MOST) return failed("has more than 100,000 characters");
	try {
		const document = parseDocument(yaml, { prettyErrors: true, stringKeys: true });
		const [error] = [...document.errors, ...document.warnings];
		if (error !== undefined) return failed(`is no valid YAML: ${error.message.split("\n")[0]?.replace(/:?$/, "")}`);
		return { ok: true, rules: document.toJS({ maxAliasCount: 100 }) ?? {} };
	} catch {
		return failed("cannot be read: it is nested too deeply, or its aliases multiply beyond all measure");
	}
}

export function writeRules(rules: unknown): string {
	const empty = typeof rules === "object" && rules !== null && Object.keys(rules).length === 0;
	if (empty) return "";
	const document = new Document();
	document.contents = nodeOf(document, rules);
	return document.toString({ lineWidth: 100 });
}

/** What the fields of the form show of these rules. */
export function ruleValues(rules: unknown): Values {
	return Object.fromEntries(RULE_FIELDS.map(({ path, kind }) => [nameOf(path), shown(kind, at(rules, path))]));
}

function at(rules: unknown, path: string): unknown {
	return path
		.split(".")
		.reduce<unknown>(
			(value, key) =>
				typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined,
			rules,
		);
}

function shown(kind: Kind, value: unknown): string {
	if (value === undefined || value === null) return "";
	if (kind === "windows" && Array.isArray(value)) return value.map(windowLine).join("\n");
	if (Array.isArray(value)) return value.map(String).join("\n");
	return typeof value === "object" ? "" : String(value);
}

function windowLine(window: unknown): string {
	const { days, from, to } = (window ?? {}) as { days?: unknown; from?: unknown; to?: unknown };
	return `${Array.isArray(days) ? days.join(" ") : String(days ?? "")} ${from ?? ""}-${to ?? ""}`;
}

/** Writes what was changed in the form into the YAML, whose comments and order stay. What cannot be read stays as it is. */
export function writeFields(yaml: string, before: Values, now: Values): string {
	const changed = RULE_FIELDS.filter(({ path }) => {
		const name = nameOf(path);
		return now[name] !== undefined && now[name] !== (before[name] ?? "");
	});
	if (changed.length === 0 || !readRules(yaml).ok) return yaml;
	const parsed = parseDocument(yaml);
	const document: Document = isMap(parsed.contents) ? parsed : new Document({});
	for (const { path, kind } of changed) {
		const keys = path.split(".");
		const parent = keys.slice(0, -1);
		const value = toWrite(kind, now[nameOf(path)] ?? "");
		if (value !== undefined) {
			if (!isMap(document.getIn(parent))) document.setIn(parent, document.createNode({}));
			document.setIn(keys, nodeOf(document, value));
			continue;
		}
		document.deleteIn(keys);
		const left = document.getIn(parent);
		if (isMap(left) && left.items.length === 0) document.deleteIn(parent);
	}
	if (isMap(document.contents) && document.contents.items.length === 0) return "";
	return document.toString({ lineWidth: 100 });
}

/** Lists of words stand on one line. */
function nodeOf(document: Document, value: unknown): Node {
	const node = document.createNode(value);
	visit(node, {
		Seq: (_key, seq) => {
			seq.flow = seq.items.every((item) => isScalar(item));
		},
	});
	return node;
}

/** Undefined: it is left out. What is no value of its kind goes as it is, so that the one reader of rules says what is wrong with it. */
function toWrite(kind: Kind, typed: string): unknown {
	const text = typed.trim();
	if (text === "") return undefined;
	switch (kind) {
		case "words":
			return text.split(/[\s,]+/).filter((one) => one !== "");
		case "lines":
			return text
				.split(/[\n,]/)
				.map((one) => one.trim())
				.filter((one) => one !== "");
		case "number":
			return /^-?\d{1,9}$/.test(text) ? Number(text) : text;
		case "switch":
			return text === "true" || (text === "false" ? false : text);
		case "text":
			return text;
		case "windows":
			return text
				.split("\n")
				.filter((one) => one.trim() !== "")
				.map(windowIn);
		default:
			return kind satisfies never;
	}
}

const WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** `mon-thu 09:00-17:30`, `mon, wed 10:00-12:00` */
function windowIn(line: string): { days: string[]; from: string; to: string } {
	const [, days = line, from = "", to = ""] = /^(.*?)\s*(\d[\d:]*)\s*[-–]\s*(\d[\d:]*)\s*$/.exec(line.trim()) ?? [];
	const named = days
		.toLowerCase()
		.split(/[\s,]+/)
		.filter((one) => one !== "")
		.flatMap((one) => {
			const [, first = "", last = ""] = /^([a-z]{3})[-–]([a-z]{3})$/.exec(one) ?? [];
			const [begin, end] = [WEEK.indexOf(first), WEEK.indexOf(last)];
			return begin >= 0 && end >= begin ? WEEK.slice(begin, end + 1) : [one];
		});
	return { days: named, from, to };
}

/** What holds where nothing is said, for the placeholders of the form. */
export function inheritedValues(policy: EffectivePolicy, duration: (ms: number) => string): Values {
	const { timeouts, approvals, promotion } = policy;
	const spoken = {
		...policy,
		timeouts: { queue: duration(timeouts.queue), run: duration(timeouts.run) },
		approvals: { ...approvals, expiresAfter: duration(approvals.expiresAfter) },
		promotion: promotion === null ? null : { from: promotion.from, soak: duration(promotion.soak) },
	};
	return ruleValues(spoken);
}
