/** Everything that the trail tells of. */
export const AUDIT_ACTIONS = [
	"run.requested",
	"run.refused",
	"run.approved",
	"run.rejected",
	"run.decision_refused",
	"run.cancel_refused",
	"run.nudged",
	"run.nudge_refused",
	"run.queued",
	"run.dispatching",
	"run.trigger_attempted",
	"run.trigger_not_sent",
	"run.accepted",
	"run.running",
	"run.cancelling",
	"run.succeeded",
	"run.failed",
	"run.cancelled",
	"run.expired",
	"run.superseded",
	"run.timed_out",
	"run.late_report",
	/** A word of the provider on a run that goes on. */
	"run.noted",
	"lock.taken",
	"lock.stolen",
	"lock.released",
	"lock.expired",
	"lock.refused",
	"freeze.set",
	"freeze.lifted",
	"freeze.expired",
	"freeze.refused",
	"config.applied",
	"config.changed",
	"webhook.sent_again",
	"token.created",
	"token.revoked",
	"person.linked",
	"person.unlinked",
	"web.signed_in",
	"web.signed_out_everywhere",
	"web.link_refused",
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Who did it: a person and the way they came by, or the system itself. */
export interface Actor {
	readonly id: string | null;
	readonly name: string;
	readonly via: "slack" | "teams" | "local" | "api" | "web" | "cli" | "system" | "provider" | "runner";
}

export const SYSTEM_ACTOR: Actor = { id: null, name: "DRAVEN", via: "system" };

/** One line of the trail. What is hashed is its canonical JSON, and every readable column is generated from that. */
export interface AuditEntry {
	readonly atMs: number;
	readonly action: AuditAction;
	readonly actor: Actor;
	readonly project: string | null;
	readonly environment: string | null;
	readonly runId: string | null;
	readonly run: number | null;
	/** What else belongs to it; never a secret. */
	readonly data: Readonly<Record<string, unknown>>;
}
