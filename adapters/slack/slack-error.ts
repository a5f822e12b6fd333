import { webApi } from "@slack/bolt";
import { VendorError } from "../../src/ports/vendor-error.ts";

const UNAUTHORIZED = new Set([
	"account_inactive",
	"invalid_auth",
	"not_allowed_token_type",
	"not_authed",
	"org_login_required",
	"team_access_not_granted",
	"token_expired",
	"token_revoked",
]);
/** What stands against reaching a channel or a person, and who can mend it how. */
const SENTENCES: ReadonlyMap<string, string> = new Map([
	...of(
		["is_archived", "is_inactive"],
		"The Slack channel is archived: restore it, or name another one for this environment.",
	),
	...of(
		["channel_not_found", "not_in_channel"],
		"I cannot post to this Slack channel: invite me there with `/invite @DRAVEN`, and check that its id is right.",
	),
	...of(
		[
			"restricted_action",
			"restricted_action_non_threadable_channel",
			"restricted_action_read_only_channel",
			"restricted_action_thread_only_channel",
			"restricted_action_thread_locked",
		],
		"Not everybody may post to this Slack channel: let DRAVEN post there in the channel's settings, or name another one for this environment.",
	),
	...of(
		["user_disabled", "user_not_found", "user_not_visible"],
		"Slack does not know this person (any more): their account may have been closed.",
	),
	...of(["cannot_dm_bot", "messages_tab_disabled"], "Slack brings this person no direct messages of mine."),
]);

function of(codes: readonly string[], sentence: string): [string, string][] {
	return codes.map((code) => [code, sentence]);
}

const PASSING = new Set([
	"fatal_error",
	"internal_error",
	"request_timeout",
	"service_unavailable",
	"team_added_to_org",
]);
/** What Slack's answer, or its silence, means for us. */
export function slackError(error: unknown): VendorError {
	if (error instanceof VendorError) return error;
	if (error instanceof webApi.WebAPIRateLimitedError) return tooFast(error.retryAfter, error);
	if (error instanceof webApi.WebAPIPlatformError) return refusedBySlack(error);
	if (error instanceof webApi.WebAPIHTTPError) {
		if (error.statusCode === 429) return tooFast(1, error);
		if (error.statusCode >= 500) return silent(`Slack answered with HTTP ${error.statusCode}`, error);
		return new VendorError("rejected", `Slack answered with HTTP ${error.statusCode}: check SLACK_API_URL.`, {
			cause: error,
		});
	}
	if (error instanceof Error && error.message.startsWith("Retry header did not contain")) return tooFast(1, error);
	if (error instanceof webApi.WebAPIRequestError && error.original instanceof VendorError) return error.original;
	return silent("Slack did not answer", error);
}

function refusedBySlack(error: webApi.WebAPIPlatformError): VendorError {
	const code = error.data.error;
	const cause = { cause: error };
	if (!/^[a-z_]{1,60}$/.test(code)) return silent("Slack answered with something that is not JSON", error);
	if (code === "ratelimited" || code === "rate_limited")
		return tooFast(error.data.response_metadata?.retryAfter ?? 1, error);
	if (UNAUTHORIZED.has(code))
		return new VendorError(
			"unauthorized",
			`Slack does not accept SLACK_BOT_TOKEN any more (${code}): install the app again and set the new token.`,
			cause,
		);
	if (code === "missing_scope") {
		const needed =
			"needed" in error.data && typeof error.data.needed === "string" ? error.data.needed : "another scope";
		return new VendorError(
			"unauthorized",
			`The Slack app lacks the scope ${needed}: add it and install the app again; \`draven doctor\` shows them all.`,
			cause,
		);
	}
	const sentence = SENTENCES.get(code);
	if (sentence !== undefined) return new VendorError("not_found", sentence, cause);
	if (PASSING.has(code)) return silent(`Slack has a problem of its own (${code})`, error);
	if (code.endsWith("_not_found")) return new VendorError("not_found", `Slack does not know it (${code}).`, cause);
	return new VendorError("rejected", `Slack refused it (${code}).`, cause);
}

function tooFast(retryAfter: number, cause: unknown): VendorError {
	return new VendorError("rate_limited", `Slack asks to wait for ${retryAfter} s.`, { retryAfter, cause });
}

function silent(what: string, cause: unknown): VendorError {
	return new VendorError("unavailable", `${what}; it is tried again.`, { mayHaveHappened: true, cause });
}
