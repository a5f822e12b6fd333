import { z } from "zod";
import {
	type ExaminedProject,
	type Finding,
	fine,
	type WantedWebhook,
	warning,
	wrong,
} from "../../src/ports/checkup.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { readAppHook } from "./app-hook.ts";
import { type Answer, type Call, type GitHubOptions, readAnswer } from "./client.ts";
import { messageOf, type Refused } from "./errors.ts";
import { examineRepository } from "./examine-repository.ts";

const Installation = z.object({
	permissions: z.record(z.string(), z.string()),
	events: z.array(z.string()).optional(),
	suspended_at: z.string().nullish(),
});

/** What an App needs to be granted. */
const PERMISSIONS: readonly (readonly [name: string, label: string, level: "read" | "write"])[] = [
	["actions", "Actions", "write"],
	["contents", "Contents", "read"],
	["checks", "Checks", "read"],
	["statuses", "Commit statuses", "read"],
];

const SIGN =
	"Set its secret to the integration's webhookSecret in the App's settings, or use `draven integration check --fix`.";

/** GitHub takes a minute of difference in what an App signs. */
const SKEW_SECONDS = 30;

/** Looks at everything that deploys through this integration need; changes nothing. */
export async function examineGitHub(
	call: Call,
	{ baseUrl, auth }: GitHubOptions,
	projects: readonly ExaminedProject[],
	webhook: WantedWebhook,
): Promise<Finding[]> {
	const check = `GitHub at ${new URL(baseUrl).host}`;
	const isApp = "app" in auth;
	let answer: Answer;
	try {
		// Known to every kind of credentials, and free.
		answer = await call("GET /rate_limit", {}, { what: "the rate limit", refused: unlimited });
	} catch (error) {
		return [wrong(`${check}: credentials`, ...told(error))];
	}
	const findings = [
		clock(check, answer),
		isApp ? await installation(call, check, auth.app.installationId) : token(check, answer),
	];
	const heardByApp = isApp && (await appHook(call, check, webhook, findings));
	for (const project of projects)
		findings.push(...(await examineRepository(call, project, { isApp, webhook: heardByApp ? null : webhook })));
	return findings;
}

/** An Enterprise Server without limits says that there are none; its headers are all that is wanted. */
function unlimited(answer: Refused): Answer | undefined {
	return answer.status === 404 && messageOf(answer) !== "" ? { ...answer, data: null } : undefined;
}

function clock(check: string, { headers }: Answer): Finding {
	const theirs = Date.parse(String(headers["date"] ?? ""));
	if (Number.isNaN(theirs)) return fine(`${check}: clock`, "it does not tell its time");
	const seconds = Math.round((Date.now() - theirs) / 1_000);
	if (Math.abs(seconds) <= SKEW_SECONDS) return fine(`${check}: clock`, "the same as here");
	return wrong(
		`${check}: clock`,
		`this machine is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead" : "behind"}`,
		"Let the clock be kept by NTP: GitHub refuses what an App signs at another time.",
	);
}

/** Classic tokens say their scopes with every answer; those of the others are found by trying. */
function token(check: string, { headers }: Answer): Finding {
	const said = headers["x-oauth-scopes"];
	if (typeof said !== "string") return fine(`${check}: token`, "it is accepted");
	const scopes = said.split(",").map((scope) => scope.trim());
	if (scopes.includes("repo")) return fine(`${check}: token`, "it is accepted and has the scope repo");
	if (scopes.includes("public_repo"))
		return warning(
			`${check}: token`,
			"it has the scope public_repo, which is enough for public repositories alone",
			"Give it the scope repo for private ones.",
		);
	return wrong(
		`${check}: token`,
		`it is accepted, and has no scope repo (${said === "" ? "none at all" : said})`,
		"Make a token with the scope repo, or better a GitHub App.",
	);
}

async function installation(call: Call, check: string, id: string): Promise<Finding> {
	const name = `${check}: App`;
	const what = `the installation ${id} of the App`;
	try {
		const answer = await call("GET /app/installations/{id}", { id }, { what, asApp: true });
		const { permissions, events, suspended_at } = readAnswer(Installation, answer, what);
		if (suspended_at !== null && suspended_at !== undefined)
			return wrong(name, "its installation is suspended", "Unsuspend it in the organisation's settings.");
		const missing = PERMISSIONS.filter(
			([permission, , level]) => permissions[permission] !== "write" && permissions[permission] !== level,
		);
		if (missing.length > 0)
			return wrong(
				name,
				`its installation lacks ${missing.map(([, label, level]) => `${label} (${level})`).join(", ")}`,
				"Grant that in the App's settings, and accept it in the organisation's settings.",
			);
		if (events !== undefined && !events.includes("workflow_run"))
			return warning(
				name,
				"it has its permissions, and does not subscribe to the event Workflow run",
				"Subscribe to Workflow run in the App's settings, or set a webhook in each repository; until then runs are polled.",
			);
		return fine(name, "it has its permissions and subscribes to Workflow run");
	} catch (error) {
		return wrong(name, ...told(error));
	}
}

/** Whether the App itself sends its webhooks here; then no repository needs one. */
async function appHook(call: Call, check: string, { url }: WantedWebhook, findings: Finding[]): Promise<boolean> {
	const name = `${check}: webhook of the App`;
	try {
		const hook = await readAppHook(call);
		if (hook.url !== url) return false;
		findings.push(
			hook.isSigned
				? fine(name, "it points here and is signed")
				: wrong(name, "it points here and has no secret, so every delivery is refused", SIGN),
		);
		return true;
	} catch (error) {
		findings.push(wrong(name, ...told(error)));
		return false;
	}
}

/** A refusal of GitHub's as what was found and how to mend it. */
function told(error: unknown): [found: string, mend: string] {
	if (!(error instanceof VendorError)) throw error;
	return [error.message, error.passing ? "Try again in a minute." : "Then run `draven doctor` again."];
}
