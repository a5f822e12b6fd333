import { z } from "zod";
import { ROLES, type Subject } from "../core/access.ts";
import { checkBaseUrl } from "../core/base-url.ts";
import { isGlob } from "../core/glob.ts";
import { isRefName, SLUG } from "../core/names.ts";
import { parseRules } from "../core/policy-schema.ts";
import { checkBitbucketUrl, checkSigningToken } from "./provider-rules.ts";

/** The shape of draven.yaml (SPEC section 7); every key that is not known is refused. What goes across entries is in check-document.ts. */

const text = (max: number) =>
	z
		.string()
		.min(1, { error: "is empty" })
		.max(max, { error: `is longer than ${max} characters` })
		// Line breaks and control characters would let a name write further lines into cards and logs.
		.refine((value) => !/\p{Cc}/u.test(value), { error: "contains a line break or another control character" });

const word = (max: number) => text(max).refine((value) => !/\s/.test(value), { error: "contains white space" });
const list = <T extends z.ZodType>(item: T, max: number) =>
	z.array(item).max(max, { error: `has more than ${max} entries` });

const slug = z.string().regex(SLUG, {
	error: "is no slug: 1 to 63 lower-case letters, digits, dots, - and _, beginning with a letter or digit",
});

const secret = z.string().min(1, { error: "is empty" }).max(20_000);
/** An environment variable often carries the line breaks of a PEM as \n. */
const privateKey = secret
	.transform((value) => (value.includes("\n") ? value : value.replaceAll("\\n", "\n")))
	.refine((value) => value.includes("-----BEGIN"), {
		error: "is no private key in PEM form (-----BEGIN … PRIVATE KEY-----)",
	});
const digits = z
	.union([z.string(), z.int()], { error: "has to be a number" })
	.transform(String)
	.refine((value) => /^\d{1,20}$/.test(value), { error: "has to be a number" });

const baseUrl = z
	.string()
	.superRefine((value, context) => {
		const checked = checkBaseUrl(value);
		if (!checked.ok) context.addIssue({ code: "custom", message: checked.problem });
	})
	.transform((value) => value.replace(/\/+$/, ""))
	.optional();

const webhookSecret = secret.optional();
const app = z.strictObject({ id: digits, privateKey, installationId: digits });

const integration = z.discriminatedUnion(
	"provider",
	[
		z
			.strictObject({
				slug,
				provider: z.literal("github"),
				baseUrl,
				token: secret.optional(),
				app: app.optional(),
				webhookSecret,
			})
			.refine((value) => (value.token === undefined) !== (value.app === undefined), {
				error: "needs either `token` or `app`, so that DRAVEN can speak with GitHub",
			}),
		z.strictObject({
			slug,
			provider: z.literal("gitlab"),
			baseUrl,
			token: secret,
			webhookSecret: webhookSecret.superRefine((value, context) => {
				const message = value === undefined ? null : checkSigningToken(value);
				if (message !== null) context.addIssue({ code: "custom", message });
			}),
			mode: z.enum(["variables", "inputs"]).optional(),
		}),
		z.strictObject({
			slug,
			provider: z.literal("bitbucket"),
			baseUrl: baseUrl.superRefine((value, context) => {
				const message = value === undefined || !URL.canParse(value) ? null : checkBitbucketUrl(value);
				if (message !== null) context.addIssue({ code: "custom", message });
			}),
			token: secret,
			webhookSecret,
		}),
		z.strictObject({ slug, provider: z.literal("runner") }),
	],
	{ error: "is no integration: `provider` has to be github, gitlab, bitbucket or runner" },
);

/** Kept as written (durations as text), so that it can be printed back; checked by the one reader of rules. */
const rules = z.unknown().superRefine((value, context) => {
	const parsed = parseRules(value ?? {});
	if (parsed.ok) return;
	for (const { keys, message } of parsed.problems) context.addIssue({ code: "custom", path: [...keys], message });
});

const policy = z
	.strictObject({ slug, extends: slug.optional(), rules: rules.optional() })
	.transform((value) => ({ ...value, rules: value.rules ?? {} }));

/** Channels, groups and people are named by their ids: a name can be changed, or given to another one. */
const slackChannel = word(300).refine((value) => /^[CGD]/.test(value), {
	error: "has to be the channel's ID, such as C0123ABCD (Slack shows it at the bottom of the channel's details)",
});
const teamsChannel = word(300).refine((value) => /^\d+:/.test(value), {
	error: "has to be the channel's ID, such as 19:…@thread.tacv2 (a part of the link to the channel)",
});
const slackGroup = word(200).refine((value) => value.startsWith("S"), {
	error: "has to be the group's ID, such as S0123ABCD (a part of the link to the group)",
});
const slackUser = word(200).refine((value) => /^[UW]/.test(value), {
	error: "has to be the person's ID, such as U0123ABCD (Slack copies it from the person's profile)",
});

const label = word(50).refine((value) => !value.includes(","), { error: "contains a comma" });

const environment = z.strictObject({
	slug,
	aliases: list(slug, 20).default([]),
	policy: slug,
	channels: z.strictObject({ slack: slackChannel.optional(), teams: teamsChannel.optional() }).default({}),
	labels: list(label, 20).default([]),
});

const project = z.strictObject({
	slug,
	name: text(100).optional(),
	integration: slug,
	// White space may stand in the path of a folder; who takes none says so in check-document.ts.
	repository: text(500),
	pipeline: word(300).optional(),
	defaultRef: z
		.string()
		.refine(isRefName, { error: "is no name that git takes for a branch, tag or commit" })
		.default("main"),
	environments: list(environment, 50).min(1, { error: "has no environment: a project needs one to be released to" }),
});

const glob = z.string().refine(isGlob, {
	error: "is no glob that can be used here: use slugs with * and ?, such as web-*",
});
const globs = list(glob, 100).min(1, {
	error: 'is empty, so the role would hold nowhere: leave it out, or write ["*"]',
});

const email = z
	.email({ error: "is no e-mail address" })
	.max(320)
	.transform((value) => value.toLowerCase());
const subject = z
	.strictObject({
		slackGroup: slackGroup.optional(),
		slackUser: slackUser.optional(),
		entraGroup: word(200).optional(),
		entraUser: word(200).optional(),
		email: email.optional(),
		local: word(200).optional(),
	})
	.refine((value) => Object.keys(value).length === 1, {
		error: "has to be exactly one of slackGroup, slackUser, entraGroup, entraUser or email, with its value",
	})
	// One key that is there, so it is a Subject: the union of zod would answer a bad address with a list of every other key.
	.transform((value) => value as Subject);

const binding = z.strictObject({
	role: z.enum(ROLES),
	subjects: list(subject, 500).min(1, { error: "is empty, so nobody would have the role" }),
	projects: globs.default(["*"]),
	environments: globs.default(["*"]),
});

export const ConfigurationFile = z.strictObject({
	version: z.literal(1, {
		error: ({ input }) =>
			input === undefined ? "is missing: write `version: 1`" : "has to be 1, the version of this file's form",
	}),
	integrations: list(integration, 200).default([]),
	policies: list(policy, 500).default([]),
	projects: list(project, 2_000).default([]),
	access: list(binding, 1_000).default([]),
});

/** One entry alone, as the API takes it. Its project may have environments later. */
export const ENTRIES = {
	integration,
	policy,
	project: project.extend({ environments: list(environment, 50).default([]) }),
	environment,
	access: binding,
};

/** A draven.yaml that was checked, its `${NAME}` filled in. */
export type ConfigurationFile = z.output<typeof ConfigurationFile>;
export type FileIntegration = ConfigurationFile["integrations"][number];
export type FileProject = ConfigurationFile["projects"][number];
export type FileBinding = ConfigurationFile["access"][number];
