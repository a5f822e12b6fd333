import type { CommandReader, Hint, No } from "./command-reader.ts";
import { environmentOf, type Project, readProject, unknownEnvironment } from "./read-place.ts";
import type { Token } from "./tokenize.ts";

export interface PromotionRead {
	readonly project: string;
	readonly from: string;
	readonly to: string;
}

interface Said {
	readonly slug: string;
	readonly token: Token;
}

/** `<project> from <environment> to <environment>`: the two in any order, and without the small words the source comes first. */
export function readPromotion(reader: CommandReader): PromotionRead | No {
	const first = readProject(reader, "promote", { ref: false, environment: "needed" });
	if ("ok" in first) return first;
	const { project } = first;
	// `promote web/stage to production`
	let from: Said | null = first.environment === null ? null : { slug: first.environment, token: first.token };
	let to: Said | null = null;
	let last = first.token;
	while (from === null || to === null) {
		const small = reader.word() === "from" ? "from" : reader.isPreposition() ? "to" : null;
		if (small !== null) last = reader.take() ?? last;
		const end = small ?? (from === null ? "from" : "to");
		const token = reader.peek();
		if (token === null)
			return missing(reader, project, { from, to, end, small: small !== null, last, first: first.token });
		const slug = environmentOf(project, token.text);
		if (slug === null || (end === "from" ? from : to) !== null)
			return unknownEnvironment(reader, "promote", project, token);
		reader.take();
		last = token;
		if (end === "from") from = { slug, token };
		else to = { slug, token };
	}
	return from.slug === to.slug ? twice(reader, project, to) : { project: project.slug, from: from.slug, to: to.slug };
}

interface Missing {
	readonly from: Said | null;
	readonly to: Said | null;
	/** Which of the two was to come. */
	readonly end: "from" | "to";
	/** Whether its small word was said already. */
	readonly small: boolean;
	readonly last: Token;
	readonly first: Token;
}

function missing(reader: CommandReader, project: Project, said: Missing): No {
	const end = said.small ? said.end : said.from === null ? "from" : "to";
	const slugs = project.environments.map(({ slug }) => slug);
	const offered = end === "from" ? sources(slugs, said.to?.slug ?? null) : targets(slugs, said.from?.slug ?? null);
	const after = said.small || end === "to" ? said.last : said.first;
	const hints = offered.map(
		(slug): Hint => ({
			label: slug,
			command: reader.corrected(after, after.text, ...(said.small ? [] : [end]), slug),
		}),
	);
	const which = end === "from" ? "From which environment" : "To which environment";
	const message = `${which} of ${project.slug}? It has ${slugs.join(", ") || "none"}.`;
	return reader.no("missing_environment", message, "promote", hints);
}

/** Environments stand in the order in which a version goes through them: it comes from one before, the nearest first. */
function sources(slugs: readonly string[], to: string | null): readonly string[] {
	if (to === null) return slugs.slice(0, -1);
	const before = slugs.slice(0, slugs.indexOf(to)).reverse();
	return before.length > 0 ? before : slugs.filter((slug) => slug !== to);
}

function targets(slugs: readonly string[], from: string | null): readonly string[] {
	const after = from === null ? slugs.slice(1) : slugs.slice(slugs.indexOf(from) + 1);
	return after.length > 0 ? after : slugs.filter((slug) => slug !== from);
}

function twice(reader: CommandReader, project: Project, to: Said): No {
	const slugs = project.environments.map(({ slug }) => slug);
	const hints = targets(slugs, to.slug)
		.filter((slug) => slug !== to.slug)
		.map((slug): Hint => ({ label: slug, command: reader.corrected(to.token, slug) }));
	return reader.no(
		"same_environment",
		`${to.slug} is named twice: a promotion goes from one environment of ${project.slug} to another.`,
		"promote",
		hints,
	);
}
