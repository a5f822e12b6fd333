import { GitHubPipeline } from "../../adapters/github/pipeline.ts";
import { githubWebhook } from "../../adapters/github/webhook.ts";
import type { Run } from "../../src/core/run.ts";
import type { WebServer } from "../../src/web/server.ts";
import type { FakeRepository } from "../fakes/github/state.ts";
import { FakeGitHub } from "../fakes/github.ts";
import { openWebFor } from "./web-of.ts";
import { SHA, World } from "./world.ts";

const SECRET = "the webhook's own secret";

/** The main job with a GitHub behind it, and its webhooks at the real route. */
export class GitHubWorld {
	readonly world: World;
	readonly github: FakeGitHub;
	readonly shop: FakeRepository;
	readonly #port: GitHubPipeline;
	readonly #server: WebServer;
	readonly #url: string;

	private constructor(world: World, github: FakeGitHub, pipeline: GitHubPipeline, server: WebServer, url: string) {
		this.world = world;
		this.github = github;
		this.#port = pipeline;
		this.#server = server;
		this.#url = url;
		github.now = () => world.now();
		this.shop = github.repository("acme/shop");
		this.shop.branch("main", SHA.a);
		this.shop.workflow("deploy.yml");
		this.shop.check(SHA.a, "build", "success");
	}

	static async open(): Promise<GitHubWorld> {
		const world = await World.open();
		const github = await FakeGitHub.open();
		const port = new GitHubPipeline({ baseUrl: github.url, auth: { token: github.token }, now: () => world.now() });
		world.deps = { ...world.deps, pipelineOf: () => port };
		const { server, hook } = await openWebFor(world, "github", githubWebhook, SECRET);
		return new GitHubWorld(world, github, port, server, hook.url);
	}

	/** A deploy that GitHub has taken. */
	async deploy(): Promise<Run> {
		const run = await this.world.runOf(await this.world.say("U_OPS", "shop@main to stage"));
		await this.world.work();
		return run;
	}

	/** Something is asked of GitHub, whose answer says what is left of the rate limit. */
	async ask(): Promise<void> {
		await this.#port.resolveRef({ repository: "acme/shop", pipeline: "deploy.yml", defaultRef: "main" }, "main");
	}

	/** Sends a webhook, signed; gives the status of the answer. */
	async deliver(event: string, body: unknown): Promise<number> {
		const text = typeof body === "string" ? body : JSON.stringify(body);
		return (await this.github.deliver({ url: this.#url, secret: SECRET }, event, text)).status;
	}

	async state(run: Run): Promise<string> {
		return (await this.world.run(run.number)).progress.state;
	}

	async close(): Promise<void> {
		await this.#server.close();
		await this.github.close();
		await this.world.close();
	}
}
