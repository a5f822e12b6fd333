import { DateTime, IANAZone } from "luxon";
import { z } from "zod";
import { parseDuration } from "./duration.ts";
import { isGlob } from "./glob.ts";
import { wording } from "./wording.ts";

/** `rules` of a policy as people write them (SPEC section 5): every key optional, every unknown key refused. */

const duration = z
	.string()
	.refine((text) => parseDuration(text) !== null, { error: "is no duration: write 90s, 15m, 4h or 7d" })
	.transform((text) => parseDuration(text) ?? 0);

const glob = z.string().refine(isGlob, {
	error: "is no glob that can be used here: use names with *, ** and ?, such as release/** or v*.*.*",
});

const zone = z
	.string()
	.refine((name) => IANAZone.isValidZone(name), { error: "is no time zone: write one like Europe/Rome" });
const clock = z
	.string()
	.regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, { error: 'is no time of day: write it like "09:00"' });
/** Wall-clock: an offset of its own would speak against the named zone. */
const moment = z
	.string()
	.refine((text) => /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(text) && DateTime.fromISO(text).isValid, {
		error: 'is no date and time of the wall clock: write it like "2026-12-20T00:00", without a zone',
	});
const count0 = z.number().int().min(0).max(20);
const list = <T extends z.ZodType>(item: T) => z.array(item).max(100);
const globs = list(glob);

const WAIVABLE = ["ci", "windows", "freezes", "promotion", "approvals"] as const;
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** Names that the contract gives, and those that would change how the pipeline, its shell, loader or interpreter runs. */
const HIJACK = new RegExp(
	`^(${[
		"__proto__|JOB_ID|ENV|REF|SHA|TYPE|DRAVEN_.*",
		"CI|CI_.*|GITHUB_.*|ACTIONS_.*|RUNNER_.*|GITLAB_.*|BITBUCKET_.*",
		"PATH|HOME|SHELL|PWD|OLDPWD|IFS|CDPATH|PS[0-4]|BASH.*|SHELLOPTS|PROMPT_COMMAND|GLOBIGNORE|ZDOTDIR|FPATH|EDITOR|VISUAL|PAGER",
		"LD_.*|DYLD_.*|GCONV_PATH|LOCPATH|MALLOC_.*|HOSTALIASES|TMPDIR|TMP|TEMP|LANG|LANGUAGE|LC_.*|TZ",
		"GIT_.*|SSH_.*|CURL_.*|SSL_.*|OPENSSL_.*|.*_PROXY|DOCKER_.*|KUBECONFIG",
		"NODE_.*|NPM_CONFIG_.*|PYTHON.*|PERL5?.*|RUBY.*|GEM_.*|BUNDLE_.*|PHP.*|COMPOSER.*|_?JAVA_.*|JDK_.*|MAVEN_.*",
	].join("|")})$`,
	"i",
);

export const ParameterName = z
	.string()
	.regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, { error: "is no name for a parameter: letters, digits and _ alone" })
	.refine((name) => !HIJACK.test(name), {
		error: "is a name that the pipeline or its shell already uses: choose another one",
	});

/** How a number is written that a pipeline gets. */
export const NUMBER = /^-?\d{1,15}(\.\d{1,15})?$/;

const text200 = z.string().max(200);
const parameter = z
	.discriminatedUnion(
		"type",
		[
			z.strictObject({ type: z.literal("boolean"), default: z.boolean().optional(), required: z.boolean().optional() }),
			z.strictObject({
				type: z.literal("choice"),
				options: list(z.string().min(1).max(200)).min(1),
				default: text200.optional(),
				required: z.boolean().optional(),
			}),
			z.strictObject({ type: z.literal("string"), default: text200.optional(), required: z.boolean().optional() }),
			z.strictObject({ type: z.literal("number"), default: z.number().optional(), required: z.boolean().optional() }),
		],
		{ error: "has to be one of boolean, choice, string, number" },
	)
	.superRefine((value, context) => {
		if (value.type === "number" && value.default !== undefined && !NUMBER.test(String(value.default)))
			context.addIssue({ code: "custom", path: ["default"], message: "is no number with at most 15 digits" });
		if (value.type === "choice" && value.default !== undefined && !value.options.includes(value.default))
			context.addIssue({
				code: "custom",
				path: ["default"],
				message: `is none of the options: ${value.options.join(", ")}`,
			});
	});

const window = z
	.strictObject({ days: list(z.enum(DAYS)).min(1), from: clock, to: clock })
	.refine((value) => value.from < value.to, {
		error: "ends before it begins: write two windows for one that goes over midnight",
	});

const freeze = z
	.strictObject({
		from: moment,
		until: moment,
		timezone: zone,
		mode: z.enum(["deny", "approval", "warn"]),
		reason: z.string().min(1).max(200),
	})
	.refine((value) => Date.parse(`${value.from}Z`) < Date.parse(`${value.until}Z`), { error: "ends before it begins" });

export const Rules = z.strictObject({
	refs: z.strictObject({ branches: globs.optional(), tags: globs.optional(), shas: z.boolean().optional() }).optional(),
	approvals: z
		.strictObject({
			required: count0.optional(),
			self: z.boolean().optional(),
			commitAuthors: z.boolean().optional(),
			expiresAfter: duration.optional(),
			holdsQueue: z.boolean().optional(),
		})
		.optional(),
	ci: z
		.strictObject({
			mode: z.enum(["required", "off"]).optional(),
			checks: list(z.string().min(1).max(200)).min(1).optional(),
		})
		.optional(),
	// A policy that extends another one may say a part; whether the whole is there shows when they are merged.
	windows: z.strictObject({ timezone: zone.optional(), allow: list(window).min(1).optional() }).optional(),
	freezes: list(freeze).optional(),
	promotion: z.strictObject({ from: z.string().min(1).max(63).optional(), soak: duration.optional() }).optional(),
	rollback: z
		.strictObject({
			enabled: z.boolean().optional(),
			approvals: count0.optional(),
			ignoresWindows: z.boolean().optional(),
			locksAfter: z.boolean().optional(),
		})
		.optional(),
	force: z
		.strictObject({
			enabled: z.boolean().optional(),
			role: z.enum(["operator", "approver", "admin", "emergency"]).optional(),
			waives: list(z.enum(WAIVABLE)).optional(),
			reviewWithin: duration.optional(),
		})
		.optional(),
	dryRun: z.strictObject({ enabled: z.boolean().optional(), approvals: count0.optional() }).optional(),
	parameters: z.record(ParameterName, parameter).optional(),
	queue: z.strictObject({ limit: z.number().int().min(1).max(1_000).optional() }).optional(),
	timeouts: z
		.strictObject({ queue: duration.optional(), start: duration.optional(), run: duration.optional() })
		.optional(),
});

/** Rules with their durations in milliseconds. */
export type Rules = z.output<typeof Rules>;
export type Parameter = z.output<typeof parameter>;

export interface Problem {
	/** `windows.allow[0].from`; empty: the rules as a whole. */
	readonly path: string;
	readonly keys: readonly (string | number)[];
	/** A sentence without its subject: "is no time zone: write one like Europe/Rome". */
	readonly message: string;
}

/** Checks rules as they are written. Every problem at once, each with its path. */
export function parseRules(
	input: unknown,
): { readonly ok: true; readonly rules: Rules } | { readonly ok: false; readonly problems: readonly Problem[] } {
	const parsed = Rules.safeParse(input, { error: wording });
	if (parsed.success) return { ok: true, rules: parsed.data };
	return { ok: false, problems: parsed.error.issues.flatMap((issue) => problemsOf(issue)) };
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
	const keys = issue.path.map((key) => (typeof key === "number" ? key : String(key)));
	const problem = (at: Problem["keys"], message: string): Problem => ({
		path: at.map((key, n) => (typeof key === "number" ? `[${key}]` : `${n === 0 ? "" : "."}${key}`)).join(""),
		keys: at,
		message,
	});
	if (issue.code === "unrecognized_keys")
		return issue.keys.map((key) => problem([...keys, key], "is no key that is known here"));
	return [problem(keys, issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message)];
}
