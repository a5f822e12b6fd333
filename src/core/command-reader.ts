import type { Known, Parsed } from "./command.ts";
import { parseDuration } from "./duration.ts";
import { isRefName } from "./names.ts";
import { nearest } from "./suggest.ts";
import type { Token } from "./tokenize.ts";
import { VERB_NAMES, VERBS, type VerbName } from "./verbs.ts";

export type No = Extract<Parsed, { ok: false }>;
type KnownProject = Known["projects"][number];

interface PlaceWanted {
	/** Whether `@ref` may follow the project. */
	readonly ref: boolean;
	readonly environment: "needed" | "optional";
	/** The corrected command for a project and an environment. */
	readonly extra: (project: string, environment: string) => string;
}

export interface PlaceRead {
	readonly project: string;
	readonly ref: string | null;
	readonly environment: string | null;
}

const PREPOSITIONS = new Set(["to", "on", "in"]);

/** Takes a command apart, from the left; flags are taken out wherever they stand. */
export class CommandReader {
	readonly #known: Known;
	#tokens: Token[];

	constructor(tokens: readonly Token[], known: Known) {
		this.#tokens = [...tokens];
		this.#known = known;
	}

	/** The next word in small letters; null at the end. Quoted words are no keywords. */
	word(): string | null {
		const token = this.#tokens[0];
		return token === undefined ? null : token.quoted ? `"${token.text}"` : token.text.toLowerCase();
	}

	take(): Token | null {
		return this.#tokens.shift() ?? null;
	}

	no(code: string, message: string, verb: VerbName | null, suggestions: No["suggestions"] = []): No {
		return { ok: false, code, message, usage: verb === null ? null : VERBS[verb].usage, suggestions };
	}

	/** Takes the known flags out; a flag that is not known, said twice, or without its text is refused. */
	flags(
		verb: VerbName,
		known: Readonly<Record<string, "alone" | "text">>,
	): { alone: Set<string>; texts: Map<string, string> } | No {
		const alone = new Set<string>();
		const texts = new Map<string, string>();
		const rest: Token[] = [];
		for (let token = this.take(); token !== null; token = this.take()) {
			if (token.quoted || !/^--?[A-Za-z]/.test(token.text)) {
				rest.push(token);
				continue;
			}
			const [name = "", value] = split(token.text, "=");
			const flag = name.toLowerCase();
			const kind = Object.hasOwn(known, flag) ? known[flag] : undefined;
			if (kind === undefined) return this.no("unknown_flag", `The flag ${name} is not known here.`, verb);
			if (alone.has(flag) || texts.has(flag)) return this.no("flag_twice", `The flag ${flag} is there twice.`, verb);
			if (kind === "alone") {
				if (value !== undefined)
					return this.no("flag_with_value", `The flag ${flag} stands alone, without a value.`, verb);
				alone.add(flag);
				continue;
			}
			const text = value ?? this.take()?.text;
			if (text === undefined || text.trim() === "" || (value === undefined && text.startsWith("--")))
				return this.no("reason_needed", `${flag} needs a reason in quotes, so that everybody can read why.`, verb);
			texts.set(flag, text.trim());
		}
		this.#tokens = rest;
		return { alone, texts };
	}

	/** `<project>[@<ref>] [to|on|in] <environment>`, or `project/ref`, or `project/environment`. */
	place(verb: VerbName, wanted: PlaceWanted): PlaceRead | No {
		const token = this.take();
		if (token === null) return this.#projectNeeded(verb);
		const named = this.#projectAndRef(verb, token.text, wanted);
		if ("ok" in named) return named;
		const { project, ref } = named;
		const preposition = this.word();
		const said = preposition !== null && PREPOSITIONS.has(preposition);
		if (said) this.take();
		const environment = named.environment ?? this.#environment(project);
		if (environment !== null) return { project: project.slug, ref, environment };
		const next = this.word();
		const command = (name: string) => wanted.extra(ref === null ? project.slug : `${project.slug}@${ref}`, name);
		const all = project.environments.map(({ slug }) => ({ label: slug, command: command(slug) }));
		if (next === null || (next.includes("=") && !said)) {
			if (wanted.environment === "optional" && !said) return { project: project.slug, ref, environment: null };
			return this.no("missing_environment", `Which environment of ${project.slug}?`, verb, all.slice(0, 5));
		}
		const names = project.environments.flatMap(({ slug, aliases }) => [slug, ...aliases]);
		const close = nearest(next, names).map((name) => all.find((one) => one.label === this.#canonical(project, name)));
		const hints = close.filter((one) => one !== undefined);
		const list = hints.length > 0 ? [...new Set(hints)] : all.slice(0, 5);
		return this.no(
			"unknown_environment",
			`${project.slug} has no environment "${short(next)}". It has ${project.environments.map(({ slug }) => slug).join(", ") || "none"}.`,
			verb,
			list,
		);
	}

	#projectNeeded(verb: VerbName): No {
		const projects = this.#known.projects.map(({ slug }) => slug);
		return this.no(
			"project_needed",
			projects.length === 0
				? "No project is set up yet."
				: `Which project? There is ${projects.slice(0, 10).join(", ")}.`,
			verb,
		);
	}

	#find(name: string): KnownProject | undefined {
		return this.#known.projects.find((one) => one.slug === name.toLowerCase());
	}

	#projectAndRef(
		verb: VerbName,
		text: string,
		wanted: PlaceWanted,
	): { project: KnownProject; ref: string | null; environment: string | null } | No {
		const [name = "", ref] = split(text, "@");
		const project = this.#find(name);
		if (project !== undefined) {
			if (ref === undefined) return { project, ref: null, environment: null };
			return this.#withRef(verb, project, ref, wanted);
		}
		// An old habit of chat-ops: `app/ref`. And what the board shows: `project/environment`.
		const [left = "", right] = split(text, "/");
		const owner = right === undefined ? undefined : this.#find(left);
		if (owner !== undefined && right !== undefined) {
			const environment = this.#canonical(owner, right.toLowerCase());
			if (environment !== null) return { project: owner, ref: null, environment };
			return this.#withRef(verb, owner, right, wanted);
		}
		return this.#unknownProject(verb, name, ref, wanted);
	}

	#withRef(
		verb: VerbName,
		project: KnownProject,
		ref: string,
		wanted: PlaceWanted,
	): { project: KnownProject; ref: string | null; environment: string | null } | No {
		if (!wanted.ref) return this.no("ref_not_here", `"${verb}" takes no ref here.`, verb);
		if (!isRefName(ref))
			return this.no("bad_ref", `"${short(ref)}" cannot be the name of a branch, a tag or a commit.`, verb);
		return { project, ref, environment: null };
	}

	#unknownProject(verb: VerbName, name: string, ref: string | undefined, wanted: PlaceWanted): No {
		const slugs = this.#known.projects.map(({ slug }) => slug);
		const rest = this.#tokens.map(({ text, quoted }) => (quoted ? `"${text}"` : text)).join(" ");
		const projects = nearest(name, slugs).map((slug) => {
			const at = ref === undefined || !wanted.ref ? slug : `${slug}@${ref}`;
			const verbWord = verb === "deploy" ? "deploy" : verb;
			return { label: slug, command: `${verbWord} ${at}${rest === "" ? "" : ` ${rest}`}` };
		});
		const verbs = verb === "deploy" && ref === undefined ? nearest(name, [...VERB_NAMES], 2) : [];
		const suggestions = [
			...projects,
			...verbs
				.filter((one) => one !== "deploy")
				.map((one) => ({ label: one, command: rest === "" ? `help ${one}` : `${one} ${rest}` })),
		];
		const there = slugs.length === 0 ? "No project is set up yet." : `There is ${slugs.slice(0, 10).join(", ")}.`;
		return this.no(
			"unknown_project",
			`"${short(name)}" is no project and no command that I know. ${there}`,
			verb,
			suggestions.slice(0, 5),
		);
	}

	unknownVerb(word: string): No {
		const suggestions = nearest(word, [...VERB_NAMES]).map((name) => ({ label: name, command: `help ${name}` }));
		return this.no("unknown_verb", `"${short(word)}" is no command that I know.`, "help", suggestions);
	}

	#environment(project: KnownProject): string | null {
		const token = this.#tokens[0];
		const slug = token === undefined ? null : this.#canonical(project, token.text.toLowerCase());
		if (slug !== null) this.take();
		return slug;
	}

	#canonical(project: KnownProject, name: string): string | null {
		const found =
			project.environments.find((one) => one.slug === name) ??
			project.environments.find((one) => one.aliases.some((alias) => alias.toLowerCase() === name));
		return found?.slug ?? null;
	}

	/** `lock staging on api: reason`, an old chat-ops habit; null: it is not said that way. */
	oldLock(): PlaceRead | null {
		const [first, second, third] = this.#tokens;
		if (first === undefined || second === undefined || third === undefined) return null;
		if (this.#find(first.text) !== undefined || second.text.toLowerCase() !== "on") return null;
		const project = this.#find(third.text.replace(/:$/, ""));
		const environment = project === undefined ? null : this.#canonical(project, first.text.toLowerCase());
		if (project === undefined || environment === null) return null;
		this.#tokens.splice(0, 3);
		return { project: project.slug, ref: null, environment };
	}

	/** The `key=value` words that come next. */
	parameters(verb: VerbName): { values: Record<string, string> } | No {
		const values: Record<string, string> = {};
		for (
			let token = this.#tokens[0];
			token !== undefined && !token.quoted && /^[^=]+=/.test(token.text);
			token = this.#tokens[0]
		) {
			this.take();
			const [key = "", value = ""] = split(token.text, "=");
			if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(key))
				return this.no("bad_parameter", `"${short(key)}" cannot be the name of a parameter.`, verb);
			if (Object.hasOwn(values, key)) return this.no("parameter_twice", `The parameter ${key} is there twice.`, verb);
			values[key] = value;
		}
		return { values };
	}

	/** `#12` or `12`; null: the next word is none. */
	runNumber(): number | null {
		const match = /^#?(\d{1,10})$/.exec(this.word() ?? "");
		if (match === null) return null;
		this.take();
		return Number(match[1]);
	}

	ref(verb: VerbName): string | No {
		const ref = this.take()?.text;
		if (ref === undefined) return this.no("ref_needed", "To which run or version?", verb);
		return isRefName(ref)
			? ref
			: this.no("bad_ref", `"${short(ref)}" cannot be the name of a branch, a tag or a commit.`, verb);
	}

	duration(verb: VerbName): number | No {
		this.take();
		const text = this.take()?.text ?? "";
		return (
			parseDuration(text) ?? this.no("bad_duration", `"${short(text)}" is no duration: write 90s, 15m, 4h or 7d.`, verb)
		);
	}

	/** Everything that is left, as free text; null: nothing. */
	restText(): string | null {
		const text = this.#tokens
			.map((token) => token.text)
			.join(" ")
			.replace(/^[:\s]+/, "")
			.trim();
		this.#tokens = [];
		return text === "" ? null : text.slice(0, 1_000);
	}

	/** Words that are left over are refused, so that nobody believes they counted. */
	end(verb: VerbName): No | null {
		const left = this.#tokens.map((token) => token.text).join(" ");
		return left === "" ? null : this.no("left_over", `I do not know what to do with "${short(left)}".`, verb);
	}
}

/** At the first separator; the right side is undefined when there is none. */
function split(text: string, separator: string): [string, string | undefined] {
	const at = text.indexOf(separator);
	return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function short(text: string): string {
	const bare = text.replace(/^"|"$/g, "");
	return bare.length > 60 ? `${bare.slice(0, 60)}…` : bare;
}
