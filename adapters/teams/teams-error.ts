import { z } from "zod";
import { VendorError } from "../../src/ports/vendor-error.ts";

/** What the Bot Connector said no with. */
export interface ConnectorRefusal {
	readonly status: number;
	/** Its own word for it: `ActivityNotFoundInConversation`; empty when it gave none. */
	readonly code: string;
}

const Body = z.object({ error: z.object({ code: z.string(), message: z.string().nullish() }) });
const NOT_IN_IT = "add the app DRAVEN to the team or the chat, and check that the channel's id is right.";
/** Why nothing can be said in a conversation, and what mends it; waiting does not. */
const CLOSED = new Map([
	["BotNotInConversationRoster", `I am not in this Teams conversation: ${NOT_IN_IT}`],
	["ForbiddenOperationException", `I am not in this Teams conversation: ${NOT_IN_IT}`],
	[
		"ConversationNotFound",
		"Teams knows no such conversation: its channel was deleted, or its id is wrong. An admin corrects the channel of the environment in draven.yaml.",
	],
	[
		"BotDisabledByAdmin",
		"The app DRAVEN is blocked in this tenant: an admin of Teams allows it again in the Teams admin centre, under Manage apps.",
	],
	[
		"ConversationBlockedByUser",
		"I am blocked in this Teams conversation: by the person, or by the moderation of the channel, whose owner can let the app DRAVEN post.",
	],
	[
		"MessageWritesBlocked",
		"I am blocked in this Teams conversation, or the app DRAVEN was removed from it: add it again.",
	],
]);

const GONE = new Set(["ActivityNotFoundInConversation", "ActivityNotFound", "MessageNotFound", "ConversationNotFound"]);

/**
 * Whether a refused edit says that the message is there no more, so that another one shall take its place. Of what somebody deleted Teams
 * says "ServiceError" with 403 and no more; whether its thread or its channel is gone with it, the post of the other one tells.
 */
export function saysGone(refusal: ConnectorRefusal | null): boolean {
	if (refusal === null) return false;
	const { status, code } = refusal;
	if (GONE.has(code) || status === 410) return true;
	return (status === 403 && code === "ServiceError") || (status === 404 && !CLOSED.has(code));
}

/** What the answer of the Bot Connector means for us. */
export function teamsError(status: number, body: string, retryAfter: string | null): VendorError {
	const code = codeOf(body);
	const cause: ConnectorRefusal = { status, code };
	const named = code === "" ? `HTTP ${status}` : code;
	if (status === 429) {
		const wait = waitOf(retryAfter) ?? 2;
		return new VendorError("rate_limited", `Teams asks to wait for ${wait} s.`, { retryAfter: wait, cause });
	}
	if (status === 412)
		return new VendorError("unavailable", "Teams was busy with the same conversation; it is tried again.", { cause });
	if (status >= 500 || status === 408) {
		const wait = waitOf(retryAfter);
		return new VendorError("unavailable", `Teams has a problem of its own (${named}); it is tried again.`, {
			...(wait === null ? {} : { retryAfter: wait }),
			mayHaveHappened: status !== 503,
			cause,
		});
	}
	if (status === 401)
		return new VendorError(
			"unauthorized",
			"Teams does not accept the bot's credentials: check MicrosoftAppId, MicrosoftAppPassword and MicrosoftAppType; `draven doctor` looks at each.",
			{ cause },
		);
	if (status === 413) return new VendorError("rejected", "Teams takes no message of this size.", { cause });
	const closed = CLOSED.get(code);
	if (closed !== undefined) return new VendorError("not_found", closed, { cause });
	if (status === 403 || status === 404)
		return new VendorError("not_found", `I am not in this Teams conversation (${named}): ${NOT_IN_IT}`, { cause });
	return new VendorError("rejected", `Teams refused it (${named}).`, { cause });
}

/** Null: it was no refusal of the Bot Connector's. */
export function refusalOf(error: unknown): ConnectorRefusal | null {
	const parsed = z
		.object({ status: z.number(), code: z.string() })
		.safeParse(error instanceof VendorError ? error.cause : null);
	return parsed.success ? parsed.data : null;
}

function codeOf(body: string): string {
	try {
		const { error } = Body.parse(JSON.parse(body));
		// Old messages are answered so.
		if (error.code === "BadArgument" && /not a known activity id/i.test(error.message ?? "")) return "ActivityNotFound";
		return /^\w{1,80}$/.test(error.code) ? error.code : "";
	} catch {
		return "";
	}
}

const LONGEST_WAIT = 600;

/** Seconds, or a date; as much as we are ready to believe. */
export function waitOf(header: string | null, now = Date.now()): number | null {
	if (header === null || header === "") return null;
	const seconds = /^\d+(?:\.\d+)?$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1_000;
	return Number.isNaN(seconds) ? null : Math.min(Math.max(Math.ceil(seconds), 1), LONGEST_WAIT);
}
