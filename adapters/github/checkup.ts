import type { CheckupPort, DeliveriesPort, ExaminedProject, Finding, WantedWebhook } from "../../src/ports/checkup.ts";
import { readAppHook, signAppHook } from "./app-hook.ts";
import { type Call, connect, type GitHubOptions } from "./client.ts";
import { githubDeliveries } from "./deliveries.ts";
import { examineGitHub } from "./examine.ts";
import { ensureRepositoryHook } from "./repository-hooks.ts";

/** Looks after an integration with GitHub. */
export class GitHubCheckup implements CheckupPort {
	readonly #options: GitHubOptions;
	readonly #call: Call;
	readonly deliveries: DeliveriesPort;

	constructor(options: GitHubOptions) {
		this.#options = options;
		this.#call = connect(options);
		this.deliveries = githubDeliveries(this.#call, "app" in options.auth);
	}

	async examine(projects: readonly ExaminedProject[], webhook: WantedWebhook): Promise<readonly Finding[]> {
		return examineGitHub(this.#call, this.#options, projects, webhook);
	}

	async ensureWebhook(
		project: ExaminedProject,
		webhook: WantedWebhook & { readonly secret: string },
	): Promise<"present" | "created" | "mended"> {
		if ("app" in this.#options.auth) {
			const hook = await readAppHook(this.#call);
			if (hook.url === webhook.url) {
				if (hook.isSigned) return "present";
				await signAppHook(this.#call, webhook.secret);
				return "mended";
			}
		}
		return ensureRepositoryHook(this.#call, project, webhook);
	}
}
