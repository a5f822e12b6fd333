import { isNode, LineCounter, parseDocument, type YAMLError } from "yaml";
import type { z } from "zod";
import { wording } from "../core/wording.ts";
import { checkDocument } from "./check-document.ts";
import type { IntegrationSecrets } from "./integrations.ts";
import { type DocumentProblem, type Path, type Problem, showPath } from "./problem.ts";
import { ConfigurationFile, type FileIntegration } from "./schema.ts";
import { derivedRef, SECRET_PATHS, secretAt } from "./secret-refs.ts";
import { substitute } from "./substitute.ts";

/** A draven.yaml that holds in itself and can be applied. */
export interface ConfigurationDocument extends Omit<ConfigurationFile, "version" | "integrations"> {
	readonly integrations: readonly DocumentIntegration[];
}

export type DocumentIntegration = FileIntegration & {
	/** How each secret is printed back: the `${NAME}` it was written as, or one made up for what stood there in clear. */
	readonly secretRefs: Readonly<Record<string, string>>;
};

export type DocumentReading =
	| { readonly ok: true; readonly document: ConfigurationDocument }
	| { readonly ok: false; readonly problems: readonly DocumentProblem[] };

export interface ReadOptions {
	/** What `${NAME}` stands for. */
	readonly variable: (name: string) => string | undefined;
	/** The sample of local mode may give roles to people who are only there. */
	readonly allowLocal?: boolean;
}

const MAX_BYTES = 1_000_000;
const MAX_PROBLEMS = 100;
const SHORTEST_SECRET = 4;

/** Reads and checks a whole draven.yaml: either a document, or every problem with its path and line. Pure. */
export function readDocument(source: string, options: ReadOptions): DocumentReading {
	if (Buffer.byteLength(source) > MAX_BYTES)
		return failed([whole("is larger than 1 MB: no draven.yaml needs that much")]);
	const yaml = readYaml(source);
	if (!yaml.ok) return failed(yaml.problems);
	const filled = substitute(yaml.tree, options.variable);
	if (filled.value === null) return failed([whole("is empty: it has to begin with `version: 1`")]);
	const parsed = ConfigurationFile.safeParse(filled.value, { error: wording });
	const problems = [
		...filled.problems,
		...(parsed.success ? [] : parsed.error.issues.flatMap(problemsOf)),
		...checkDocument(filled.value, { allowLocal: options.allowLocal ?? false }),
	];
	if (!parsed.success || problems.length > 0)
		return failed(
			problems
				.map(({ path, message }) => ({
					path: showPath(path),
					line: yaml.lineOf(path),
					message: veiled(message, filled.filled),
				}))
				.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
		);
	const { version: _, integrations, ...rest } = parsed.data;
	return {
		ok: true,
		document: {
			...rest,
			integrations: integrations.map((one, index) => ({
				...one,
				secretRefs: refsOf(one, `integrations.${index}`, filled.refs),
			})),
		},
	};
}

/** A problem quotes what stands in the wrong place: of a variable its name alone. */
function veiled(message: string, filled: ReadonlyMap<string, string>): string {
	let text = message;
	for (const [value, ref] of filled) if (value.length >= SHORTEST_SECRET) text = text.replaceAll(value, () => ref);
	return text;
}

/** How each secret is printed back. `refs`: those that were written as a variable. */
export function refsOf(
	integration: FileIntegration,
	place: string,
	refs: ReadonlyMap<string, string>,
): Record<string, string> {
	const secrets = secretsOf(integration);
	return Object.fromEntries(
		SECRET_PATHS.filter((path) => secretAt(secrets, path) !== undefined).map((path) => [
			path,
			refs.get(`${place}.${path}`) ?? derivedRef(integration.slug, path),
		]),
	);
}

/** The secrets of an integration as they are kept. */
export function secretsOf(one: FileIntegration): IntegrationSecrets {
	if (one.provider === "runner") return {};
	const app = one.provider === "github" ? one.app : undefined;
	return {
		...(one.token === undefined ? {} : { token: one.token }),
		...(one.webhookSecret === undefined ? {} : { webhookSecret: one.webhookSecret }),
		...(app === undefined ? {} : { app: { privateKey: app.privateKey } }),
	};
}

type Yaml =
	| { readonly ok: true; readonly tree: unknown; readonly lineOf: (path: Path) => number | null }
	| { readonly ok: false; readonly problems: readonly DocumentProblem[] };

function readYaml(source: string): Yaml {
	const lines = new LineCounter();
	try {
		// Without the pretty form, which quotes the line: a secret may stand there.
		const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, stringKeys: true });
		// What follows from the first error is told by its correction.
		const [error] = [...document.errors, ...document.warnings];
		if (error !== undefined) return { ok: false, problems: [syntaxProblem(error, source, lines)] };
		const lineOf = (path: Path): number | null => {
			const node = path.length === 0 ? null : document.getIn(path, true);
			if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
			return path.length === 0 ? null : lineOf(path.slice(0, -1));
		};
		return { ok: true, tree: document.toJS({ maxAliasCount: 100 }), lineOf };
	} catch (error) {
		// Aliases that multiply (a "billion laughs"), or brackets nested until the stack ends.
		const why = error instanceof ReferenceError ? "its aliases multiply beyond all measure" : "it is nested too deeply";
		return { ok: false, problems: [whole(`cannot be read: ${why}`)] };
	}
}

function syntaxProblem(error: YAMLError, source: string, lines: LineCounter): DocumentProblem {
	const { line } = lines.linePos(error.pos[0]);
	if (error.message.includes("call stack")) return whole("cannot be read: it is nested too deeply");
	// Some messages end in the text that they stumbled over.
	const why = error.message.split(/: "|: '|\n/)[0]?.slice(0, 160) ?? "";
	const bare = /[{[,][^"'#]*\$\{/.test(source.split("\n")[line - 1] ?? "");
	const hint = bare ? " (between { } and [ ] the reference to a variable needs quotes around it)" : "";
	return { path: "", line, message: `is no valid YAML there: ${why.replace(/\.$/, "")}${hint}` };
}

function whole(message: string): DocumentProblem {
	return { path: "", line: null, message };
}

function failed(problems: readonly DocumentProblem[]): DocumentReading {
	return { ok: false, problems: problems.slice(0, MAX_PROBLEMS) };
}

export function problemsOf(issue: z.core.$ZodIssue): Problem[] {
	const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
	if (issue.code === "unrecognized_keys")
		return issue.keys.map((key) => ({
			path: [...path, key],
			message: "is no key that is known here: correct or remove it",
		}));
	return [{ path, message: issue.message }];
}
