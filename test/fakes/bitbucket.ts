import { createHmac, randomUUID } from "node:crypto";
import { statusJson } from "./bitbucket/answers.ts";
import { answerRepository, failed } from "./bitbucket/routes.ts";
import { type FakePipelineRun, FakeRepository } from "./bitbucket/state.ts";
import { type FakeAnswer, type FakeRequest, type Fault, ProviderServer } from "./provider-server.ts";

const HOUR = 3_600_000;

/** How a webhook comes; what is left out is as it should be. */
export interface Delivery {
	readonly event?: string;
	readonly requestId?: string;
	readonly attempt?: number;
	/** null: the hook has no secret, and nothing is signed. */
	readonly signature?: string | null;
}

/** Bitbucket Cloud's REST API as far as DRAVEN knows it, over HTTP, with a memory; and the sender of its webhooks. */
export class FakeBitbucket {
	/** An access token, which is sent as it is. */
	readonly token = "ATCTT3theOneThatMustNeverBeShown";
	/** An API token, which goes with its owner's address. */
	readonly apiToken = "ada@acme.test:ATATT3theOtherThatMustNeverBeShown";
	/** Scopes, as answers and refusals tell them. */
	scopes = ["repository", "pipeline:write", "webhook"];
	/** Requests that a token may make within an hour. */
	limit = 1_000;
	now: () => Date = () => new Date();
	readonly #server: ProviderServer;
	readonly #repositories: FakeRepository[] = [];
	readonly #asked: number[] = [];

	private constructor(server: ProviderServer) {
		this.#server = server;
		server.now = () => this.now();
		server.answer = (asked) => this.#answer(asked);
	}

	static async open(): Promise<FakeBitbucket> {
		return new FakeBitbucket(await ProviderServer.open());
	}

	async close(): Promise<void> {
		await this.#server.close();
	}

	get url(): string {
		return this.#server.url;
	}

	get requests(): FakeRequest[] {
		return this.#server.requests;
	}

	repository(name: string): FakeRepository {
		const repository = new FakeRepository(name, () => this.now());
		repository.custom.add("deploy");
		this.#repositories.push(repository);
		return repository;
	}

	/** The next `times` requests that fit `METHOD /path` go wrong. */
	fault(on: RegExp, fault: Fault, times = 1): void {
		this.#server.fault(on, fault, times);
	}

	/** Others use the same token. */
	spend(requests: number): void {
		for (let n = 0; n < requests; n++) this.#asked.push(this.now().getTime());
	}

	asked(on: RegExp): FakeRequest[] {
		return this.#server.asked(on);
	}

	/** The body of a webhook about a pipeline as it stands; `change` says where its commit status is another. */
	statusEvent(repository: FakeRepository, run: FakePipelineRun, change: object = {}, more: object = {}): string {
		const status = repository.statuses.find((one) => one.url === repository.pageOf(run));
		if (status === undefined) throw new Error(`the pipeline ${run.build_number} has no commit status (any more)`);
		return JSON.stringify({
			actor: { type: "user", display_name: "Ada", nickname: "ada", uuid: `{${randomUUID()}}` },
			repository: { type: "repository", uuid: repository.uuid, full_name: repository.name, name: repository.name },
			commit_status: { ...statusJson(repository, status), ...change },
			...more,
		});
	}

	/** Sends a webhook as Bitbucket does, and says how it was answered. */
	async deliver(
		to: { readonly url: string; readonly secret: string },
		body: string,
		{ event = "repo:commit_status_updated", requestId = randomUUID(), attempt = 1, signature }: Delivery = {},
	): Promise<{ status: number; body: unknown }> {
		const signed = `sha256=${createHmac("sha256", to.secret).update(body).digest("hex")}`;
		const answer = await fetch(to.url, {
			method: "POST",
			body,
			headers: {
				"content-type": "application/json",
				"user-agent": "Bitbucket-Webhooks/2.0",
				"x-event-key": event,
				"x-hook-uuid": randomUUID(),
				"x-request-uuid": requestId,
				"x-attempt-number": String(attempt),
				...(signature === null ? {} : { "x-hub-signature": signature ?? signed }),
			},
		});
		return { status: answer.status, body: await answer.json() };
	}

	#answer(asked: FakeRequest): FakeAnswer {
		if (!this.#isKnown(String(asked.headers["authorization"])))
			return failed(401, "Token is invalid, expired, or not supported for this endpoint.");
		const at = this.now().getTime();
		const left = this.limit - this.#asked.filter((then) => then > at - HOUR).length;
		const headers = {
			"x-oauth-scopes": this.scopes.join(", "),
			"x-ratelimit-limit": String(this.limit),
			"x-ratelimit-resource": "api-token",
			"x-ratelimit-nearlimit": String(left < this.limit / 5),
		};
		if (left <= 0) return { ...failed(429, "Rate limit for this resource has been exceeded"), headers };
		this.#asked.push(at);
		const answer = this.#granted(asked) ?? this.#ofRepository(asked);
		return { ...answer, headers: { ...headers, ...answer.headers } };
	}

	#isKnown(authorization: string): boolean {
		const basic = `Basic ${Buffer.from(this.apiToken).toString("base64")}`;
		return authorization === `Bearer ${this.token}` || authorization === basic;
	}

	/** A refusal when a scope is missing; null: it may be done. */
	#granted({ method, path }: FakeRequest): FakeAnswer | null {
		const required = path.includes("/hooks")
			? "webhook"
			: path.includes("/pipelines")
				? method === "GET"
					? "pipeline"
					: "pipeline:write"
				: "repository";
		const granted = this.scopes.some((scope) => scope === required || scope === `${required}:write`);
		const message = "Your credentials lack one or more required privilege scopes.";
		return granted ? null : failed(403, message, { detail: { required: [required], granted: this.scopes } });
	}

	#ofRepository(asked: FakeRequest): FakeAnswer {
		const [, name = "", rest = ""] = /^\/2\.0\/repositories\/([^/]+\/[^/]+)(.*)$/.exec(asked.path) ?? [];
		const lower = decodeURIComponent(name).toLowerCase();
		const repository = this.#repositories.find((one) => one.name.toLowerCase() === lower);
		if (repository === undefined) return failed(404, `Repository ${name} not found`);
		return answerRepository({ repository, request: asked }, rest);
	}
}
