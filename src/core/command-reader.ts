import type { Known, Parsed } from "./command.ts";
import { parseDuration } from "./duration.ts";
import { readUntil, type Until } from "./freeze-until.ts";
import { isRefName } from "./names.ts";
import { type Token, writeToken } from "./tokenize.ts";
import { isVerbWord, PREPOSITIONS, VERBS, type VerbName } from "./verbs.ts";

/** A corrected command; `otherwise` is offered when it is only a guess and does not hold. */
export interface Hint {
	readonly label: string;
	readonly command: string;
	readonly otherwise?: string;
}

export interface No extends Omit<Extract<Parsed, { ok: false }>, "suggestions"> {
	readonly suggestions: readonly Hint[];
}

const ASSIGNMENT = /^[^=@/]+=/;

/** Takes a command apart, from the left; flags and key=value are taken out wherever they stand. */
export class CommandReader {
	readonly known: Known;
	readonly #said: Token[];
	#tokens: Token[];

	constructor(tokens: readonly Token[], known: Known) {
		this.#said = [...tokens];
		this.#tokens = [...tokens];
		this.known = known;
	}

	/** The next word in small letters; null at the end. Quoted words are no keywords. */
	word(ahead = 0): string | null {
		const token = this.#tokens[ahead];
		return token === undefined ? null : token.quoted ? `"${token.text}"` : token.text.toLowerCase();
	}

	peek(ahead = 0): Token | null {
		return this.#tokens[ahead] ?? null;
	}

	take(): Token | null {
		return this.#tokens.shift() ?? null;
	}

	isPreposition(ahead = 0): boolean {
		return PREPOSITIONS.has(this.word(ahead) ?? "");
	}

	/** Takes the next word away as if it had not been said. */
	unsay(): void {
		this.take();
		this.#said.shift();
	}

	/** The whole command as it was said, with other words in the place of one; null: before all but the verb. */
	corrected(place: Token | null, ...words: readonly string[]): string {
		const said = this.#said.flatMap((token) => (token === place ? words : [writeToken(token)]));
		const verbs = said.findIndex((word) => !isVerbWord(word.toLowerCase().replace(/!$/, "")));
		const start = verbs < 0 ? said.length : verbs;
		if (place === null) said.splice(start, 0, ...words);
		return start > 0 ? said.join(" ") : `deploy ${said.join(" ")}`;
	}

	/** The same, with another verb before everything. */
	asVerb(verb: VerbName, first: Token): string {
		return [verb, ...this.#said.filter((token) => token !== first).map(writeToken)].join(" ");
	}

	no(code: string, message: string, verb: VerbName | null, suggestions: readonly Hint[] = []): No {
		return { ok: false, code, message, usage: verb === null ? null : VERBS[verb].usage, suggestions };
	}

	/** Takes the known flags out; a flag that is not known, said twice, or without its text is refused. */
	flags(
		verb: VerbName,
		known: Readonly<Record<string, "alone" | "text">> = {},
	): { alone: Set<string>; texts: Map<string, string> } | No {
		const alone = new Set<string>();
		const texts = new Map<string, string>();
		const rest: Token[] = [];
		for (let token = this.take(); token !== null; token = this.take()) {
			if (!isFlag(token)) {
				rest.push(token);
				continue;
			}
			const [name, value] = split(token.text, "=");
			const flag = name.toLowerCase();
			const kind = Object.hasOwn(known, flag) ? known[flag] : undefined;
			if (kind === undefined) return this.no("unknown_flag", `The flag ${short(name)} is not known here.`, verb);
			if (alone.has(flag) || texts.has(flag)) return this.no("flag_twice", `The flag ${flag} is there twice.`, verb);
			if (kind === "alone") {
				if (value !== undefined)
					return this.no("flag_with_value", `The flag ${flag} stands alone, without a value.`, verb);
				alone.add(flag);
				continue;
			}
			const text = (
				value ??
				this.#reason(
					verb,
					rest.some(({ text }) => !ASSIGNMENT.test(text)),
				)
			).trim();
			if (text === "")
				return this.no("reason_needed", `${flag} needs a reason in quotes, so that everybody can read why.`, verb);
			texts.set(flag, text);
		}
		this.#tokens = rest;
		return { alone, texts };
	}

	/**
	 * The text of a flag. Without quotes only what stands at the end of the line, after everything else, can be meant: the names of
	 * places are never taken for a reason.
	 */
	#reason(verb: VerbName, placeSaid: boolean): string {
		const first = this.peek();
		if (first === null) return "";
		if (first.quoted) return this.take()?.text ?? "";
		const from = verb === "promote" && this.word() === "from";
		const place = from || this.isPreposition() || this.#isPlace(first.text.toLowerCase());
		if (!placeSaid || place || isFlag(first)) return "";
		const words: string[] = [];
		for (let next = this.peek(); next !== null && !isFlag(next) && !ASSIGNMENT.test(next.text); next = this.peek())
			words.push(this.take()?.text ?? "");
		return words.join(" ");
	}

	#isPlace(word: string): boolean {
		return this.known.projects.some(
			({ slug, environments }) =>
				slug === word.split("@")[0] || environments.some((one) => one.slug === word || one.aliases.includes(word)),
		);
	}

	/** Takes out the `key=value` words. */
	parameters(verb: VerbName): { values: Record<string, string> } | No {
		const values = new Map<string, string>();
		const rest: Token[] = [];
		for (const token of this.#tokens) {
			if (token.quoted || !ASSIGNMENT.test(token.text)) {
				rest.push(token);
				continue;
			}
			const [key, value = ""] = split(token.text, "=");
			if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(key))
				return this.no("bad_parameter", `"${short(key)}" cannot be the name of a parameter.`, verb);
			if (values.has(key)) return this.no("parameter_twice", `The parameter ${key} is there twice.`, verb);
			values.set(key, value);
		}
		this.#tokens = rest;
		// Own members all of them, also one that is called __proto__.
		return { values: Object.fromEntries(values) };
	}

	/** `#12` or `12`; null: the next word is none. */
	runNumber(): number | null {
		const match = /^#?(\d{1,10})[.,:;]?$/.exec(this.word() ?? "");
		if (match === null) return null;
		this.take();
		return Number(match[1]);
	}

	/** The run of a command; null: the run of the thread. `#` and no number is refused: a slip must not mean another run. */
	run(verb: VerbName): { run: number | null } | No {
		const number = this.runNumber();
		const next = this.word();
		if (number === null && (next?.startsWith("#") === true || /^\d+$/.test(next ?? "")))
			return this.no("bad_run", `"${short(next ?? "")}" is no number of a run.`, verb);
		return { run: number };
	}

	ref(verb: VerbName): string | No {
		const ref = this.take()?.text;
		if (ref === undefined) return this.no("ref_needed", "To which run or version?", verb);
		return isRefName(ref)
			? ref
			: this.no("bad_ref", `"${short(ref)}" cannot be the name of a branch, a tag or a commit.`, verb);
	}

	duration(verb: VerbName): number | No {
		const text = (this.take()?.text ?? "").replace(/:$/, "");
		return (
			parseDuration(text.toLowerCase()) ??
			this.no(
				"bad_duration",
				`"${short(text)}" is no duration of at most a year: write 90s, 15m, 4h or 7d, and put a reason that begins so in quotes.`,
				verb,
			)
		);
	}

	/** `… hotfix for 2h`; null: it does not end that way. */
	durationAtEnd(): number | null {
		const last = this.#tokens.length - 1;
		const duration = this.word(last - 1) === "for" ? parseDuration(this.word(last) ?? "") : null;
		if (duration !== null) this.#tokens.length -= 2;
		return duration;
	}

	/** What is left, up to the first quoted word. */
	plainWords(from = 0): string[] {
		const rest = this.#tokens.slice(from);
		const quoted = rest.findIndex((token) => token.quoted);
		return (quoted < 0 ? rest : rest.slice(0, quoted)).map((token) => token.text);
	}

	/** `… holidays until friday 09:00`; null: it does not end that way. */
	untilAtEnd(): Until | null {
		const at = this.#tokens.findLastIndex((token) => !token.quoted && token.text.toLowerCase() === "until");
		const read = at < 0 ? null : readUntil(this.plainWords(at + 1));
		if (read === null || at + 1 + read.taken !== this.#tokens.length) return null;
		this.#tokens.length = at;
		return read.until;
	}

	/** Everything that is left, as free text, or the flag that says the same; null: nothing. */
	reason(verb: VerbName, flag: string | undefined): { reason: string | null } | No {
		const text = this.#tokens
			.map((token) => token.text)
			.join(" ")
			.replace(/^[:\s]+/, "")
			.trim();
		this.#tokens = [];
		if (text !== "" && flag !== undefined) return this.no("reason_twice", "The reason is there twice.", verb);
		const reason = flag ?? text;
		return reason.length > 1_000
			? this.no("too_long", `The reason has ${reason.length} characters; 1000 are the most.`, verb)
			: { reason: reason === "" ? null : reason };
	}

	/** Words that are left over are refused, so that nobody believes they counted. */
	end(verb: VerbName): No | null {
		const left = this.#tokens.map((token) => token.text || '""').join(" ");
		return left === "" ? null : this.no("left_over", `I do not know what to do with "${short(left)}".`, verb);
	}
}

function isFlag(token: Token): boolean {
	return !token.quoted && /^--?\p{L}/u.test(token.text);
}

/** At the first separator; the right side is undefined when there is none. */
export function split(text: string, separator: string): [string, string | undefined] {
	const at = text.indexOf(separator);
	return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** As much as a sentence bears. */
export function short(text: string): string {
	const letters = [...text.replace(/^"|"$/g, "")];
	return letters.length > 60 ? `${letters.slice(0, 60).join("")}…` : letters.join("");
}
