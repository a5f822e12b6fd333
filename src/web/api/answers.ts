import { z } from "zod";
import { ROLES } from "../../core/access.ts";
import { RUN_STATES, type RunState } from "../../core/run.ts";

/** What endpoints answer, for the description of the API; the handlers' own types are taken from here. */

const Time = z.string().meta({ format: "date-time" });
const PersonAnswer = z.strictObject({ id: z.string(), name: z.string() });

export const RunAnswer = z
	.strictObject({
		id: z.uuid(),
		number: z.int(),
		project: z.string(),
		environment: z.string(),
		type: z.enum(["deploy", "rollback", "dry-run"]),
		state: z.enum(RUN_STATES as [RunState, ...RunState[]]),
		ref: z.string(),
		refKind: z.enum(["branch", "tag", "sha"]),
		sha: z.string(),
		parameters: z.record(z.string(), z.string()),
		requestedBy: PersonAnswer,
		note: z.string().nullable().describe("What the requester said it is for."),
		force: z.strictObject({ reason: z.string(), waived: z.array(z.string()).readonly() }).nullable(),
		approvalsRequired: z.int(),
		approvals: z.array(
			z.strictObject({
				person: PersonAnswer,
				decision: z.enum(["approved", "rejected"]),
				reason: z.string().nullable(),
				at: Time,
			}),
		),
		retryOf: z.int().nullable(),
		rollback: z.strictObject({ toRun: z.int().nullable(), fromSha: z.string().nullable() }).nullable(),
		promotedFrom: z
			.strictObject({ run: z.int(), environment: z.string() })
			.nullable()
			.describe("The run of another environment whose commit this one releases."),
		externalUrl: z.string().nullable().describe("The provider's page of the run."),
		createdAt: Time,
		startedAt: Time.nullable(),
		finishedAt: Time.nullable(),
		reason: z.string().nullable().describe("Why it ended as it did, or why it is being stopped."),
	})
	.meta({ id: "Run" });

export const listOf = (item: z.ZodType) =>
	z.strictObject({
		items: z.array(item),
		next: z.string().nullable().describe("The `cursor` of the next page; null: this is the last one."),
	});

export const LogLineAnswer = z.strictObject({ n: z.int(), at: Time, line: z.string() });

export const AddedLinesAnswer = z.strictObject({
	from: z.int().describe("The number of the first line that was added."),
	next: z.int(),
});

export const StoryAnswer = z.strictObject({
	items: z.array(z.strictObject({ seq: z.int(), at: Time, text: z.string() })),
	next: z.string().nullable(),
	run: RunAnswer,
	lockedBy: z.string().nullable(),
});

export const LockAnswer = z
	.strictObject({
		project: z.string(),
		environment: z.string(),
		heldBy: z.enum(["person", "run"]),
		person: PersonAnswer.describe("The one who locked it, or who asked for the run."),
		run: z.int().nullable(),
		reason: z.string().nullable(),
		until: Time.nullable(),
		createdAt: Time,
	})
	.meta({ id: "Lock" });

export const TakenLockAnswer = LockAnswer.extend({
	stolenFrom: PersonAnswer.nullable().describe("Whose lock it was before."),
}).meta({ id: "TakenLock" });

export const FreezeAnswer = z
	.strictObject({
		scope: z.string().describe("`project/environment` with globs; `*` is everywhere."),
		person: PersonAnswer.describe("The one who froze it."),
		reason: z.string(),
		until: Time.nullable().describe("null: until it is lifted."),
		createdAt: Time,
		environments: z
			.array(z.strictObject({ project: z.string(), environment: z.string() }))
			.readonly()
			.describe("What it takes now; it holds for what is configured later, too."),
	})
	.meta({ id: "Freeze" });

export const SentWebhookAnswer = z
	.strictObject({
		id: z.string(),
		project: z.string(),
		event: z.string(),
		at: Time.nullable().describe("null: the provider does not say."),
		answer: z.string().describe("The status that it was answered with, or why it was not."),
		taken: z.boolean().describe("This try of it, or another one, was answered with success."),
	})
	.meta({ id: "SentWebhook" });

export const SentAgainAnswer = z.strictObject({
	delivery: SentWebhookAnswer,
	answer: z.string().nullable().describe("How it was answered now; null: that is known later."),
});

export const AskedAnswer = z.strictObject({ runs: z.int().describe("How many runs are looked after now.") });

export const CommandAnswer = z.strictObject({
	outcome: z.enum(["done", "refused"]).describe("`refused`: nothing was changed."),
	code: z.string().nullable().describe("Stable code of a refusal."),
	text: z.string(),
	card: z.array(z.looseObject({ kind: z.string() })).readonly(),
	runId: z.uuid().nullable(),
	run: RunAnswer.nullable(),
});

export const AuditAnswer = z
	.strictObject({
		chain: z.string(),
		seq: z.int(),
		at: Time,
		action: z.string(),
		actor: z.strictObject({ id: z.string().nullable(), name: z.string(), via: z.string() }),
		project: z.string().nullable(),
		environment: z.string().nullable(),
		runId: z.string().nullable(),
		run: z.int().nullable(),
		data: z.record(z.string(), z.unknown()).readonly(),
	})
	.meta({ id: "AuditEntry" });

const Configured = { id: z.uuid(), managedBy: z.enum(["file", "api", "sample"]) };
const Shown = z.string().optional().describe("A secret, as the variable that it is printed back as.");
const Names = z.array(z.string()).readonly();
const EnvironmentEntry = {
	slug: z.string(),
	aliases: Names.optional(),
	policy: z.string(),
	channels: z.strictObject({ slack: z.string().optional(), teams: z.string().optional() }).optional(),
	labels: Names.optional(),
};

/** What is configured, as it stands in a draven.yaml. */
export const CONFIGURED = {
	project: z
		.strictObject({
			...Configured,
			slug: z.string(),
			name: z.string(),
			integration: z.string(),
			repository: z.string(),
			pipeline: z.string().optional(),
			defaultRef: z.string(),
			environments: z.array(z.strictObject(EnvironmentEntry)).readonly(),
		})
		.meta({ id: "Project" }),
	environment: z.strictObject({ ...Configured, project: z.string(), ...EnvironmentEntry }).meta({ id: "Environment" }),
	policy: z
		.strictObject({
			...Configured,
			slug: z.string(),
			extends: z.string().optional(),
			rules: z.record(z.string(), z.unknown()).readonly(),
		})
		.meta({ id: "Policy" }),
	integration: z
		.strictObject({
			...Configured,
			slug: z.string(),
			provider: z.enum(["github", "gitlab", "bitbucket", "runner"]),
			baseUrl: z.string().optional(),
			token: Shown,
			app: z.strictObject({ id: z.string(), installationId: z.string(), privateKey: Shown }).optional(),
			webhookSecret: Shown,
			mode: z.enum(["variables", "inputs"]).optional(),
		})
		.meta({ id: "Integration" }),
	access: z
		.strictObject({
			...Configured,
			role: z.enum(["viewer", "operator", "approver", "admin", "emergency"]),
			subjects: z.array(z.record(z.string(), z.string())).readonly(),
			projects: Names,
			environments: Names,
		})
		.meta({ id: "AccessBinding" }),
};

export const TokenAnswer = z
	.strictObject({
		id: z.uuid(),
		name: z.string(),
		kind: z.enum(["api", "runner"]),
		role: z.enum(ROLES).nullable(),
		projects: Names.nullable().describe("Globs of where its role holds; null: everywhere."),
		environments: Names.nullable(),
		integration: z.string().nullable().describe("Of a runner: whose work it takes; null: of every integration."),
		person: PersonAnswer.describe("Whose it is."),
		createdAt: Time,
		expiresAt: Time.nullable(),
		revokedAt: Time.nullable(),
	})
	.meta({ id: "Token" });

const Once = "Told here and never again; to a repeated Idempotency-Key it is not told.";
export const MadeTokenAnswer = TokenAnswer.extend({ token: z.string().optional().describe(Once) }).meta({
	id: "MadeToken",
});

export const WebhookSecretAnswer = z.strictObject({
	url: z.string().describe("Where the provider sends to."),
	webhookSecret: z.string().optional().describe(Once),
});

const Account = z.strictObject({
	platform: z.string(),
	tenant: z.string(),
	externalId: z.string(),
	email: z.string().nullable(),
});
export const KnownPersonAnswer = z
	.strictObject({ ...PersonAnswer.shape, accounts: z.array(Account) })
	.meta({ id: "Person" });

export const PersonRightsAnswer = z.strictObject({
	...KnownPersonAnswer.shape,
	outsider: z.boolean().describe("A guest, or of another organisation: never more than a viewer."),
	trouble: z.string().nullable().describe("Why not all of it can be told; null: it can."),
	places: z.array(z.strictObject({ project: z.string(), environment: z.string(), roles: z.array(z.enum(ROLES)) })),
});

export const LinkedAnswer = z.strictObject({
	person: PersonAnswer,
	account: Account,
	movedFrom: PersonAnswer.nullable().describe("Whose it was before."),
});

export const UnlinkedAnswer = z.strictObject({
	person: PersonAnswer,
	movedTo: PersonAnswer.nullable().describe(
		"The person of its own that it is now; null: of a provider, it is nobody's.",
	),
	sessions: z.int().describe("How many came by it, and are ended."),
	sharedAddress: z.string().nullable().describe("By it both still count as one human; null: they share none."),
});

export const SignedOutAnswer = z.strictObject({ sessions: z.int().describe("How many were open.") });

export const CheckupAnswer = z.strictObject({
	findings: z.array(
		z.strictObject({
			check: z.string(),
			state: z.enum(["ok", "warning", "wrong"]),
			found: z.string(),
			mend: z.string().nullable(),
		}),
	),
});

export const LastDeliveryAnswer = z.strictObject({
	lastVerified: Time.nullable().describe("When the last one came that was signed as it should be."),
	taken: Time.nullable(),
	seenBefore: Time.nullable(),
	ignored: Time.nullable(),
	badSignature: Time.nullable(),
});

export const VerificationAnswer = z
	.strictObject({
		state: z
			.enum(["running", "done", "failed"])
			.describe("`failed`: it was broken off, and says nothing of the trail."),
		startedAt: Time,
		rows: z.int().describe("How many entries were looked at."),
		total: z.int(),
		whole: z.boolean().nullable().describe("null: it is not done."),
		chains: z.int(),
		checkpoints: z.int().nullable(),
		found: z.int(),
		findings: z
			.array(z.strictObject({ chain: z.string(), seq: z.int(), problem: z.string(), detail: z.string() }))
			.readonly()
			.describe("The first ones of what was found."),
	})
	.meta({ id: "Verification" });

const DifferenceAnswer = z.strictObject({
	run: z.int().nullable().describe("null: it was refused then, and became no run."),
	place: z.string(),
	type: z.enum(["deploy", "rollback", "dry-run"]),
	ref: z.strictObject({ name: z.string(), kind: z.enum(["branch", "tag", "sha"]), sha: z.string() }),
	by: z.string(),
	at: Time,
	why: z.array(z.string()).readonly(),
});
export const WouldChangeAnswer = z
	.strictObject({
		places: Names,
		lookedAt: z.int(),
		refused: z.array(DifferenceAnswer),
		letThrough: z.array(DifferenceAnswer),
		approvals: z.array(DifferenceAnswer),
		untold: z.array(DifferenceAnswer),
	})
	.meta({ id: "WhatWouldChange" });

export const EvidenceAnswer = z
	.looseObject({
		run: RunAnswer,
		log: z.array(z.string()),
		logAbout: z.looseObject({ lines: z.int(), whole: z.boolean() }),
	})
	.meta({ id: "EvidencePack" });

const RunNumbers = z.array(z.int()).readonly();
const Counted = z.strictObject({ count: z.int(), runs: RunNumbers });
const Seconds = z
	.strictObject({ median: z.number().nullable(), p90: z.number().nullable(), runs: RunNumbers, seconds: RunNumbers })
	.describe("In seconds, with the numbers of the runs that it was measured on, and what each took.");
const FiguresAnswer = {
	deployments: Counted.describe("Deploys that succeeded."),
	changes: Counted.describe("Deploys that came to an end of their own; one with its retries."),
	failedChanges: Counted.describe("Changes of which a try failed or timed out, or which were rolled back."),
	changeFailureRate: z.number().nullable().describe("Failed changes of all changes, 0 to 1; null: there was none."),
	rollbacks: Counted,
	leadTime: Seconds,
	recoveryTime: Seconds,
	approvalWait: Seconds,
	queueWait: Seconds,
};

export const DeliveryAnswer = z
	.strictObject({
		since: Time,
		until: Time,
		cut: z
			.boolean()
			.describe(
				"Whether more ended than is read at once: the figures are those from `since` on, which is later than asked for.",
			),
		by: z.enum(["week", "project", "environment"]),
		groups: z.array(z.strictObject({ key: z.string(), ...FiguresAnswer })),
		total: z.strictObject(FiguresAnswer),
	})
	.meta({ id: "DeliveryReport" });

/** RFC 9457. */
export const ProblemAnswer = z
	.strictObject({
		type: z.string(),
		title: z.string(),
		status: z.int(),
		detail: z.string(),
		code: z.string().describe("Stable, for machines."),
	})
	.meta({ id: "Problem" });
