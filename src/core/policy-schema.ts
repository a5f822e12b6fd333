import { DateTime, IANAZone } from "luxon";
import { z } from "zod";
import { parseDuration } from "./duration.ts";

/** `rules` of a policy as people write them (SPEC section 5): every key optional, every unknown key refused. */

const duration = z
	.string()
	.refine((text) => parseDuration(text) !== null, { error: "is no duration: write 90s, 15m, 4h or 7d" })
	.transform((text) => parseDuration(text) ?? 0);

/** picomatch takes nearly every text; what would not mean what it looks like is refused: negation, extglobs, white space. */
const glob = z
	.string()
	.min(1)
	.max(200)
	.refine((text) => !/^!|[!@+?*]\(|[\s\\]|\p{Cc}/u.test(text) && balanced(text), {
		error: "is no glob that can be used here: use names with *, ** and ?, such as release/** or v*.*.*",
	});

function balanced(text: string): boolean {
	return count(text, "[") === count(text, "]") && count(text, "{") === count(text, "}");
}

function count(text: string, letter: string): number {
	return text.split(letter).length - 1;
}

const zone = z
	.string()
	.refine((name) => IANAZone.isValidZone(name), { error: "is no time zone: write one like Europe/Rome" });
const clock = z
	.string()
	.regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, { error: 'is no time of day: write it like "09:00"' });
const moment = z
	.string()
	.refine((text) => /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(text) && DateTime.fromISO(text).isValid, {
		error: 'is no date and time: write it like "2026-12-20T00:00"',
	});
const count0 = z.number().int().min(0).max(20);
const list = <T extends z.ZodType>(item: T) => z.array(item).max(100);
const globs = list(glob);

const WAIVABLE = ["ci", "windows", "freezes", "promotion", "approvals"] as const;
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** Names that would change how the entrypoint's shell or interpreter runs, and those that the contract gives. */
const HIJACK =
	/^(JOB_ID|ENV|REF|SHA|TYPE|PATH|HOME|SHELL|IFS|CDPATH|PS4|BASH_.*|LD_.*|DYLD_.*|GIT_.*|NODE_.*|NPM_CONFIG_.*|PYTHON.*|PERL5?.*|RUBY.*|SSH_.*|TMPDIR|LANG|LC_.*|DRAVEN_.*)$/i;

export const ParameterName = z
	.string()
	.regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, { error: "is no name for a parameter: letters, digits and _ alone" })
	.refine((name) => !HIJACK.test(name), {
		error: "is a name that the pipeline or its shell already uses: choose another one",
	});

const text200 = z.string().max(200);
const parameter = z
	.discriminatedUnion("type", [
		z.strictObject({ type: z.literal("boolean"), default: z.boolean().optional(), required: z.boolean().optional() }),
		z.strictObject({
			type: z.literal("choice"),
			options: list(z.string().min(1).max(200)).min(1),
			default: text200.optional(),
			required: z.boolean().optional(),
		}),
		z.strictObject({ type: z.literal("string"), default: text200.optional(), required: z.boolean().optional() }),
		z.strictObject({ type: z.literal("number"), default: z.number().optional(), required: z.boolean().optional() }),
	])
	.superRefine((value, context) => {
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
	.refine((value) => value.from < value.until, { error: "ends before it begins" });

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
	windows: z.strictObject({ timezone: zone, allow: list(window).min(1) }).optional(),
	freezes: list(freeze).optional(),
	promotion: z.strictObject({ from: z.string().min(1).max(63), soak: duration.optional() }).optional(),
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
	/** `rules.windows.timezone` */
	readonly path: string;
	/** A sentence without its subject: "is no time zone: write one like Europe/Rome". */
	readonly message: string;
}

/** Checks rules as they are written. Every problem at once, each with its path. */
export function parseRules(
	input: unknown,
): { readonly ok: true; readonly rules: Rules } | { readonly ok: false; readonly problems: readonly Problem[] } {
	const parsed = Rules.safeParse(input);
	if (parsed.success) return { ok: true, rules: parsed.data };
	return { ok: false, problems: parsed.error.issues.flatMap((issue) => problemsOf(issue)) };
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
	const path = issue.path.map(String).join(".");
	const at = (key: string) => (path === "" ? key : `${path}.${key}`);
	if (issue.code === "unrecognized_keys")
		return issue.keys.map((key) => ({ path: at(key), message: "is no key that is known here" }));
	if (issue.code === "invalid_key") return [{ path, message: issue.issues[0]?.message ?? issue.message }];
	return [{ path, message: issue.message.replace(/^Invalid input: /, "") }];
}
