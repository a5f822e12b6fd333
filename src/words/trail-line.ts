import type { AuditAction, AuditEntry } from "../core/audit-entry.ts";
import { plain } from "./rich.ts";
import { sentence } from "./sentence.ts";
import { storyLine } from "./story-line.ts";

/** What an entry of the trail says, for whoever reads it from above to below; empty: its name says all that there is. */
export function trailLine(entry: AuditEntry): string {
	const story = entry.runId === null ? null : storyLine(entry);
	if (story !== null) return plain(story);
	return LINES[entry.action]?.(entry.data) ?? text(entry.data, "message");
}

type Data = AuditEntry["data"];

/** What was written by an earlier version may lack something. */
function text(data: Data, key: string): string {
	const value = data[key];
	return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function person(data: Data, key = "person"): string {
	const value = data[key];
	return typeof value === "object" && value !== null && "name" in value ? String(value.name) : "somebody";
}

const because = (data: Data) => (text(data, "reason") === "" ? "." : `: ${sentence(text(data, "reason"))}`);

function until(data: Data): string {
	const at = new Date(text(data, "until"));
	return Number.isNaN(at.getTime()) ? "" : ` until ${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

const scope = (data: Data) => (text(data, "scope") === "*" ? "everything" : text(data, "scope"));

const LINKS: Readonly<Record<string, string>> = { used: "that was used before", over: "that was over" };
const VERBS: Readonly<Record<string, string>> = { create: "made", update: "changed", remove: "removed" };
/** More than this is read in the entry itself. */
const MOST_CHANGES = 5;

interface Told {
	readonly action: string;
	readonly kind: string;
	readonly name: string;
	readonly fields: readonly { readonly field: string }[];
}

function changes({ changes: all }: Data): string {
	if (!Array.isArray(all) || all.length === 0) return "";
	const told = (all as Told[]).slice(0, MOST_CHANGES).map(({ action, kind, name, fields }) => {
		const named = fields.map(({ field }) => field).join(", ");
		return `${VERBS[action] ?? action} the ${kind === "access" ? "right" : kind} ${name}${action === "update" && named !== "" ? ` (${named})` : ""}`;
	});
	const more = all.length > MOST_CHANGES ? `, and ${all.length - MOST_CHANGES} more` : "";
	const line = `${told.join("; ")}${more}.`;
	return line.charAt(0).toUpperCase() + line.slice(1);
}

const LINES: Partial<Record<AuditAction, (data: Data) => string>> = {
	"run.accepted": () => "The provider has taken it.",
	"run.trigger_attempted": () => "The provider is asked to start it.",
	"lock.taken": (data) => `${person(data)} locked it${until(data)}${because(data)}`,
	"lock.stolen": (data) =>
		`${person(data)} took the lock of ${person(data, "takenFrom")}${until(data)}${because(data)}`,
	"lock.released": (data) => `The lock of ${person(data)} was ended.`,
	"lock.expired": (data) => `The lock of ${person(data)} ran out.`,
	"freeze.set": (data) => `Releases to ${scope(data)} are stopped${until(data)}${because(data)}`,
	"freeze.lifted": (data) => `Releases to ${scope(data)} may go again.`,
	"freeze.expired": (data) => `The freeze of ${scope(data)} ran out.`,
	"config.applied": changes,
	"config.changed": changes,
	"webhook.sent_again": (data) =>
		`The provider was asked to send the delivery ${text(data, "delivery")} of ${text(data, "integration")} again.`,
	"token.created": (data) =>
		`The token ${text(data, "name")} was made${text(data, "role") === "" ? "" : `, with the role ${text(data, "role")}`}.`,
	"token.revoked": (data) => `The token ${text(data, "name")} was revoked.`,
	"person.linked": (data) =>
		`The account ${text(data, "externalId")} (${text(data, "platform")}) is of ${person(data)} now.`,
	"person.unlinked": (data) =>
		`The account ${text(data, "externalId")} (${text(data, "platform")}) is not of ${person(data)} any more.`,
	"web.signed_in": (data) => (text(data, "by") === "openid" ? "Signed in by OpenID Connect." : "Signed in by a link."),
	"web.signed_out_everywhere": (data) => `${person(data)} was signed out everywhere.`,
	"web.link_refused": (data) => `A link ${LINKS[text(data, "state")] ?? "that does not work"} was tried.`,
};
