import { z } from "zod";
import { parseDuration } from "../../core/duration.ts";
import { isGlob } from "../../core/glob.ts";
import { oneLine } from "../../core/one-line.ts";
import { RUN_STATES, type RunState } from "../../core/run.ts";

/** What endpoints take. Unknown keys are refused: a filter that is misspelt must not answer with everything. */

const Name = z.string().min(1).max(100);
const Sentence = z.string().overwrite(oneLine).min(1).max(1_000);
const Whole = (least: number, most: number) =>
	z
		.string()
		.regex(/^\d{1,10}$/, "has to be a whole number")
		.transform(Number)
		.pipe(z.number().min(least).max(most));
const Moment = z
	.union([z.iso.datetime({ offset: true }), z.iso.date()], {
		error: "has to be a time such as 2026-03-04T10:00:00Z, or a date",
	})
	.transform((text) => new Date(text));

/** How long, such as `2h`. */
const Duration = z.string().transform((text, context) => {
	const ms = parseDuration(text);
	if (ms === null) context.addIssue({ code: "custom", message: "has to be a duration such as 90s, 15m, 4h or 7d" });
	return ms ?? z.NEVER;
});

const MOST_INTEGER = 2_147_483_647;

export const NoQuery = z.strictObject({});
/** Absent, or an empty object. */
export const NoBody = z.strictObject({}).nullish();

export const RunsQuery = z.strictObject({
	project: Name.optional(),
	environment: Name.optional(),
	state: z.enum(RUN_STATES as [RunState, ...RunState[]]).optional(),
	limit: Whole(1, 100).default(50),
	/** The number of the last run that was shown. */
	cursor: Whole(0, MOST_INTEGER).optional(),
});

export const NewRun = z
	.strictObject({
		project: Name,
		environment: Name,
		/** Branch, tag or SHA; absent: the default of the project, for a rollback the last one that succeeded before. */
		ref: z.string().min(1).max(255).optional(),
		type: z.enum(["deploy", "rollback", "dry-run"]).default("deploy"),
		parameters: z.record(Name, z.union([z.string().max(1_000), z.boolean(), z.number()]).transform(String)).default({}),
		reason: Sentence.optional(),
		/** Why the rules are set aside; absent: they are not. */
		force: Sentence.optional(),
		/** For a rollback: the number of the run to go back to. */
		toRun: z.int().min(1).max(MOST_INTEGER).optional(),
	})
	.refine((run) => run.toRun === undefined || run.type === "rollback", {
		path: ["toRun"],
		message: "is for rollbacks alone",
	})
	.refine((run) => run.toRun === undefined || run.ref === undefined, {
		path: ["toRun"],
		message: "and ref say different things: give one",
	});

/** Absent, or with the words for it. */
export const Decision = z
	.strictObject({ reason: Sentence.optional() })
	.nullish()
	.transform((body) => body?.reason ?? null);

export const SaidCommand = z.strictObject({
	/** The parser says itself what is too long for it. */
	text: z.string(),
	/** A sample person; in local mode alone. */
	as: Name.optional(),
});

export const StoryQuery = z.strictObject({ after: Whole(0, Number.MAX_SAFE_INTEGER).default(0) });

export const LogQuery = z.strictObject({
	limit: Whole(1, 1_000).default(1_000),
	/** The number of the first line wanted. */
	cursor: Whole(0, MOST_INTEGER).default(0),
});

const MOST_LINES = 10_000;

/** `{ "lines": […] }`; text/plain becomes that, cut at its line ends. A line that is too long is cut when it is masked. */
export const NewLines = z.preprocess(
	(body) => (typeof body === "string" ? { lines: body.replace(/\r?\n$/, "").split(/\r?\n/) } : body),
	z.strictObject({ lines: z.array(z.string()).max(MOST_LINES) }),
);

const Place = { project: Name, environment: Name };

const PlaceQuery = z.strictObject({ project: Name.optional(), environment: Name.optional() });

/** All locks, or those of a project or environment. */
export const LocksQuery = PlaceQuery.extend({
	limit: Whole(1, 1_000).default(1_000),
	/** As the page before gave it. */
	cursor: z.string().min(1).max(400).optional(),
});

/** Which one, said in the query or as JSON. */
export const UnlockQuery = PlaceQuery.extend({ reason: Sentence.optional() });
export const UnlockSaid = UnlockQuery.nullish();
export const WholeUnlock = z.strictObject({ ...Place, reason: Sentence.optional() });

export const NewLock = z.strictObject({
	...Place,
	/** Absent: until it is unlocked. */
	for: Duration.optional(),
	reason: Sentence.optional(),
	/** Why somebody else's lock is taken. */
	steal: Sentence.optional(),
});

/** `project/environment` with globs; `*` is everywhere. */
const Scope = z.string().min(1).max(400);

/** All, or those that hold in a project, an environment or one of each. */
export const FreezesQuery = LocksQuery;

export const NewFreeze = z
	.strictObject({
		scope: Scope.meta({ examples: ["web/production", "*/production", "*"] }),
		/** Absent, as `until`: until it is lifted; of what is frozen already: as it is. */
		for: Duration.optional(),
		until: z.iso
			.datetime({ offset: true, error: "has to be a time such as 2026-03-04T10:00:00Z" })
			.transform((text) => new Date(text))
			.optional(),
		reason: Sentence,
	})
	.refine((body) => body.for === undefined || body.until === undefined, {
		path: ["until"],
		message: "has to stand alone, without for",
	});

/** Which one, said in the query or as JSON. */
export const UnfreezeQuery = z.strictObject({ scope: Scope.optional() });
export const UnfreezeSaid = UnfreezeQuery.nullish();

/** Absent: the last one that was not taken. */
export const SendAgain = z.strictObject({ delivery: Name.optional() }).nullish();

export const AuditQuery = z.strictObject({
	project: Name.optional(),
	environment: Name.optional(),
	/** Number or UUID. */
	run: Name.optional(),
	action: Name.optional(),
	since: Moment.optional(),
	until: Moment.optional(),
	limit: Whole(1, 100).default(50),
	cursor: z
		.string()
		.regex(/^\d{1,15}\.\d{1,15}\.[\w-]{1,64}$/, "is none that was given here")
		.transform((text) => {
			const [atMs, seq, chain] = text.split(".") as [string, string, string];
			return { atMs: Number(atMs), seq: Number(seq), chain };
		})
		.optional(),
});

export const ReportQuery = z
	.strictObject({
		project: Name.optional(),
		environment: Name.optional(),
		/** Absent: the last twelve weeks, from a Monday on; the week that runs at `until` is one of them. */
		since: Moment.optional(),
		/** What ended before this; absent: now. */
		until: Moment.optional(),
		by: z.enum(["week", "project", "environment"]).default("week"),
	})
	.refine(({ since, until }) => since === undefined || until === undefined || since < until, {
		path: ["until"],
		message: "has to be after since",
	});

export const PageQuery = z.strictObject({
	limit: Whole(1, 1_000).default(100),
	/** The id of the last one that was shown. */
	cursor: z.uuid({ error: "is none that was given here" }).optional(),
});

export const EnvironmentsQuery = PageQuery.extend({ project: Name.optional() });

const DEEPEST = 50;

/** Postgres holds neither NUL nor half a surrogate pair; what walks through a value needs an end. */
export function isStorable(value: unknown, depth = 0): boolean {
	if (typeof value === "string") return !value.includes("\0") && !/\p{Surrogate}/u.test(value);
	if (typeof value !== "object" || value === null) return true;
	if (depth === DEEPEST) return false;
	return Object.entries(value).every(([key, item]) => isStorable(key) && isStorable(item, depth + 1));
}

const Glob = z.string().max(200).refine(isGlob, "has to be slugs with * and ?, such as web-*");
const Globs = z.array(Glob).min(1).max(100);

export const NewToken = z
	.strictObject({
		name: z.string().regex(/^[^\p{Cc}]{1,100}$/u, "has to have 1 to 100 characters"),
		/** Of an API token; a runner's has none. */
		role: z.enum(["viewer", "operator", "approver", "admin"]).optional(),
		/** Where the role holds; absent: everywhere. */
		projects: Globs.optional(),
		environments: Globs.optional(),
		/** A token for the work of a runner. */
		runner: z.literal(true).optional(),
		/** Of a runner: the slug of the integration whose work it takes; absent: of every one. */
		integration: Name.optional(),
		/** Whose it is; absent: a person of its own. */
		email: z.email("has to be an e-mail address").max(320).optional(),
		/** How long it is good, such as `90d`; absent: until it is revoked. */
		expires: Duration.optional(),
	})
	.refine((one) => (one.role === undefined) !== (one.runner === undefined), {
		path: ["role"],
		message: "has to be given, or runner, and not both",
	})
	.refine((one) => one.runner === undefined || one.projects === undefined, {
		path: ["projects"],
		message: "goes with a role: a runner is bound by its integration",
	})
	.refine((one) => one.runner === undefined || one.environments === undefined, {
		path: ["environments"],
		message: "goes with a role: a runner is bound by its integration",
	})
	.refine((one) => one.runner !== undefined || one.integration === undefined, {
		path: ["integration"],
		message: "goes with a runner alone",
	});

export const PeopleQuery = PageQuery.extend({
	/** In whose name, address or account this is, in whatever case. */
	q: z.string().max(200).optional(),
});

/** An account as an admin writes it down: an address, `<integration>:<login>`, a Slack member id, an Entra object id. */
export const NewAccount = z.strictObject({
	kind: z.enum(["email", "login", "slack", "teams"]),
	account: z.string().trim().min(1).max(500),
});

/** Where its account is: `tenant` tells apart what is called the same in two workspaces. */
export const AccountQuery = z.strictObject({ tenant: z.string().max(500).optional() });

export const CheckAsked = z
	.strictObject({
		/** Whether webhooks that are missing are set up at the provider. */
		fix: z.boolean().default(false),
	})
	.nullish()
	.transform((body) => body?.fix ?? false);

/** A policy as it would be; absent rules are none. */
export const PolicyDraft = z.strictObject({
	extends: Name.nullish(),
	rules: z.record(z.string(), z.unknown()),
});
