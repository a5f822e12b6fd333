import {
	type CheckupPort,
	type ExaminedProject,
	type Finding,
	fine,
	type WantedWebhook,
	warning,
	wrong,
} from "../../src/ports/checkup.ts";
import { type Answer, type BitbucketOptions, type Call, connect, isApiToken } from "./client.ts";
import { examineProject } from "./examine-project.ts";
import { ensureHook } from "./hooks.ts";

/** Scopes that let pipelines be started, as the two kinds of tokens name them. */
const STARTS: readonly string[] = ["pipeline:write", "pipeline:variable", "write:pipeline:bitbucket"];

/** Looks after an integration with Bitbucket. */
export class BitbucketCheckup implements CheckupPort {
	/** Bitbucket shows them in the settings of a repository alone. */
	readonly deliveries = null;
	readonly #token: string;
	readonly #call: Call;

	constructor(options: BitbucketOptions) {
		this.#token = options.token;
		this.#call = connect(options);
	}

	async examine(projects: readonly ExaminedProject[], webhook: WantedWebhook): Promise<readonly Finding[]> {
		const found = [];
		for (const project of projects) found.push(await examineProject(this.#call, project, webhook));
		const answered = found.find(({ answer }) => answer !== null)?.answer ?? null;
		return [this.#examineToken(answered, projects.length > 0), ...found.flatMap(({ findings }) => findings)];
	}

	async ensureWebhook(
		project: ExaminedProject,
		webhook: WantedWebhook & { readonly secret: string },
	): Promise<"present" | "created" | "mended"> {
		return ensureHook(this.#call, project, webhook);
	}

	/** Access tokens know of repositories alone, so it shows there what a token may. */
	#examineToken(answer: Answer | null, isUsed: boolean): Finding {
		const check = "Bitbucket: token";
		const kind = isApiToken(this.#token) ? "an API token (email:token)" : "an access token";
		if (!isUsed)
			return warning(
				check,
				`it is ${kind}, and there is no project to try it with`,
				"Add a project of this integration.",
			);
		if (answer === null)
			return wrong(
				check,
				`it is ${kind}, and no repository could be reached with it`,
				"What stands at the projects says why. An API token is written as email:token, an access token alone; app passwords have ended.",
			);
		const scopes = (answer.headers.get("x-oauth-scopes") ?? "")
			.split(",")
			.map((scope) => scope.trim())
			.filter((scope) => scope !== "");
		if (scopes.length === 0) return fine(check, `it is ${kind} and is accepted`);
		return scopes.some((scope) => STARTS.includes(scope))
			? fine(check, `it is ${kind} and has the scopes ${scopes.join(", ")}`)
			: wrong(
					check,
					`it is ${kind} and may start no pipelines (${scopes.join(", ")})`,
					"Make a token with the scope pipeline:write (of an API token: write:pipeline:bitbucket).",
				);
	}
}
