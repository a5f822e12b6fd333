import { z } from "zod";
import { VendorError } from "../../src/ports/vendor-error.ts";

/** What the Bot Connector said no with. */
export interface ConnectorRefusal {
	readonly status: number;
	/** Its own word for it: `ActivityNotFoundInConversation`; empty when it gave none. */
	readonly code: string;
}

const Body = z.object({ error: z.object({ code: z.string() }) });
const NOT_THERE = new Set(["BotNotInConversationRoster", "ConversationNotFound", "ForbiddenOperationException"]);

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
	if (status === 403 || status === 404 || NOT_THERE.has(code))
		return new VendorError(
			"not_found",
			`I am not in this Teams conversation (${named}): add the app DRAVEN to the team or the chat, and check that the channel's id is right.`,
			{ cause },
		);
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
