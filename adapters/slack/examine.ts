import { webApi } from "@slack/bolt";
import { type Finding, fine, warning, wrong } from "../../src/ports/checkup.ts";
import { OPTIONAL_SCOPES, SCOPES } from "./scopes.ts";

export interface ExamineOptions {
	readonly botToken: string;
	readonly appToken?: string;
	/** With a trailing slash. */
	readonly apiUrl?: string;
	readonly now?: () => number;
}

const TIMEOUT_MS = 8_000;
const MAX_SKEW_SECONDS = 60;
const INSTALL = "Install the app from manifests/slack again, and set its new Bot User OAuth Token as SLACK_BOT_TOKEN.";

/** What `draven doctor` says of Slack: the token, its scopes, the clock and Socket Mode. */
export async function examineSlack(options: ExamineOptions): Promise<Finding[]> {
	const answer = await call(options, "auth.test", options.botToken);
	const findings = [token(answer, options.botToken)];
	if (answer.told === null) return findings;
	findings.push(clock(answer.date, (options.now ?? Date.now)()));
	if (answer.told["ok"] === true) findings.push(...scopes(answer.scopes));
	if (options.appToken !== undefined) findings.push(await socketMode(options, options.appToken));
	return findings;
}

interface Answer {
	/** Null: Slack did not answer with what it should; `problem` says how. */
	readonly told: Readonly<Record<string, unknown>> | null;
	readonly problem: string;
	readonly scopes: readonly string[] | null;
	readonly date: string | null;
}

/** The headers matter here, so this asks by itself. */
async function call({ apiUrl }: ExamineOptions, method: string, token: string): Promise<Answer> {
	const base = apiUrl ?? new webApi.WebClient().slackApiUrl;
	const nothing = { told: null, scopes: null, date: null };
	try {
		const response = await fetch(`${base}${method}`, {
			method: "POST",
			headers: { authorization: `Bearer ${token}`, "content-type": "application/x-www-form-urlencoded" },
			redirect: "error",
			signal: AbortSignal.timeout(TIMEOUT_MS),
		});
		if (!response.ok) return { ...nothing, problem: `Slack answered with HTTP ${response.status}` };
		const told: unknown = await response.json();
		if (typeof told !== "object" || told === null)
			return { ...nothing, problem: "Slack answered with something that is not JSON" };
		return {
			told: { ...told },
			problem: "",
			scopes: response.headers.get("x-oauth-scopes")?.split(/\s*,\s*/) ?? null,
			date: response.headers.get("date"),
		};
	} catch (error) {
		const timedOut = error instanceof Error && error.name === "TimeoutError";
		return { ...nothing, problem: timedOut ? "Slack did not answer in time" : "Slack could not be reached" };
	}
}

function token({ told, problem }: Answer, botToken: string): Finding {
	const check = "Slack token";
	if (told === null)
		return wrong(
			check,
			problem,
			"Check the network, proxies and SLACK_API_URL (unset it, unless Slack is somewhere else for you).",
		);
	if (told["ok"] !== true) return wrong(check, `Slack does not accept SLACK_BOT_TOKEN (${told["error"]})`, INSTALL);
	if (told["bot_id"] === undefined && !botToken.startsWith("xoxb-"))
		return wrong(check, "SLACK_BOT_TOKEN is a person's token, not a bot's", "Set the one that begins with xoxb-.");
	return fine(check, `it is accepted by the workspace ${told["team"]}`);
}

function scopes(granted: readonly string[] | null): Finding[] {
	const check = "Slack scopes";
	if (granted === null)
		return [warning(check, "Slack did not say which scopes the token has", "Compare them with manifests/slack.")];
	const missing = SCOPES.filter((scope) => !granted.includes(scope));
	const findings = [
		missing.length === 0
			? fine(check, "all that are needed are there")
			: wrong(
					check,
					`these are missing: ${missing.join(", ")}`,
					"Add them on the app's page OAuth & Permissions, and install it again.",
				),
	];
	for (const [scope, without] of Object.entries(OPTIONAL_SCOPES))
		if (!granted.includes(scope))
			findings.push(
				warning(
					`Slack scope ${scope}`,
					`it is missing: ${without}`,
					"Add it on the app's page OAuth & Permissions, if that matters to you.",
				),
			);
	return findings;
}

function clock(date: string | null, now: number): Finding {
	const check = "Clock against Slack";
	const theirs = date === null ? Number.NaN : Date.parse(date);
	if (Number.isNaN(theirs))
		return warning(check, "Slack did not say what time it is", "Let this machine's clock be kept by NTP.");
	const off = Math.round(Math.abs(now - theirs) / 1_000);
	return off > MAX_SKEW_SECONDS
		? wrong(
				check,
				`this machine's clock is ${off} s off`,
				"Let it be kept by NTP: requests that are more than 5 minutes off are refused.",
			)
		: fine(check, "they agree");
}

async function socketMode(options: ExamineOptions, appToken: string): Promise<Finding> {
	const check = "Slack Socket Mode";
	const { told, problem } = await call(options, "apps.connections.open", appToken);
	if (told === null) return wrong(check, problem, "Check the network and proxies.");
	return told["ok"] === true
		? fine(check, "a connection can be opened")
		: wrong(
				check,
				`Slack does not accept SLACK_APP_TOKEN (${told["error"]})`,
				"Make an app-level token (xapp-…) with the scope connections:write, and switch Socket Mode on.",
			);
}
