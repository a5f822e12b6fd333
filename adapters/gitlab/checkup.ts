import { z } from "zod";
import {
	type CheckupPort,
	type DeliveriesPort,
	type ExaminedProject,
	type Finding,
	fine,
	type WantedWebhook,
	warning,
	wrong,
} from "../../src/ports/checkup.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { type Answer, type Call, connect, type GitLabOptions, readAnswer } from "./client.ts";
import { gitlabDeliveries } from "./deliveries.ts";
import { examineProject } from "./examine-project.ts";
import { ensureHook } from "./hooks.ts";
import type { Mode } from "./trigger.ts";
import { whyNoInputs } from "./why-no-inputs.ts";

const Token = z.object({ scopes: z.array(z.string()), expires_at: z.string().nullish().catch(null) });

/** Signed deliveries hold for five minutes. */
const SKEW_SECONDS = 60;
const SOON_MS = 14 * 86_400_000;

/** Looks after an integration with GitLab. */
export class GitLabCheckup implements CheckupPort {
	readonly #call: Call;
	readonly deliveries: DeliveriesPort;
	readonly #check: string;
	readonly #mode: Mode;
	readonly #now: () => Date;

	constructor(options: GitLabOptions & { readonly mode: Mode }) {
		this.#call = connect(options);
		this.deliveries = gitlabDeliveries(this.#call);
		this.#check = `GitLab at ${new URL(options.baseUrl).host}`;
		this.#mode = options.mode;
		this.#now = options.now ?? (() => new Date());
	}

	async examine(projects: readonly ExaminedProject[], webhook: WantedWebhook): Promise<readonly Finding[]> {
		const what = "the token itself";
		let answer: Answer;
		try {
			// Known to every kind of access token.
			answer = await this.#call("GET", "/personal_access_tokens/self", { what });
			const because = this.#mode === "inputs" ? await whyNoInputs(this.#call) : null;
			const findings = [
				this.#clock(answer),
				this.#token(readAnswer(Token, answer, what)),
				...(because === null ? [] : [wrong(`${this.#check}: inputs`, because, "Correct the mode in draven.yaml.")]),
			];
			for (const project of projects)
				findings.push(...(await examineProject(this.#call, project, { mode: this.#mode, webhook })));
			return findings;
		} catch (error) {
			if (!(error instanceof VendorError)) throw error;
			const mend = error.passing ? "Try again in a minute." : "Then run `draven doctor` again.";
			return [wrong(`${this.#check}: token`, error.message, mend)];
		}
	}

	async ensureWebhook(
		project: ExaminedProject,
		webhook: WantedWebhook & { readonly secret: string },
	): Promise<"present" | "created" | "mended"> {
		return ensureHook(this.#call, project, webhook);
	}

	#clock({ headers }: Answer): Finding {
		const check = `${this.#check}: clock`;
		const theirs = Date.parse(headers.get("date") ?? "");
		if (Number.isNaN(theirs)) return fine(check, "it does not tell its time");
		const seconds = Math.round((this.#now().getTime() - theirs) / 1_000);
		if (Math.abs(seconds) <= SKEW_SECONDS) return fine(check, "the same as here");
		return wrong(
			check,
			`this machine is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead" : "behind"}`,
			"Let the clock be kept by NTP: signed webhooks that seem to be of another time are refused.",
		);
	}

	#token({ scopes, expires_at }: z.infer<typeof Token>): Finding {
		const check = `${this.#check}: token`;
		if (!scopes.includes("api"))
			return wrong(
				check,
				`it is accepted, and has no scope api (${scopes.join(", ") || "none at all"})`,
				"Make a project or group access token with the scope api: nothing less starts pipelines.",
			);
		const left = Date.parse(expires_at ?? "") - this.#now().getTime();
		if (left < SOON_MS)
			return warning(check, `it ends on ${expires_at}`, "Rotate it at GitLab and write the new one before that day.");
		return fine(check, `it is accepted and has the scope api${expires_at == null ? "" : `, until ${expires_at}`}`);
	}
}
