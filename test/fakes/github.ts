import { createHmac, createVerify, generateKeyPairSync, randomUUID } from "node:crypto";
import { runJson } from "./github/answers.ts";
import { answerRepository, attemptAgain, notFound } from "./github/routes.ts";
import { FakeRepository, type FakeRun } from "./github/state.ts";
import { type FakeAnswer, type FakeRequest, type Fault, ProviderServer } from "./provider-server.ts";

const APP_ID = "4711";
const INSTALLATION_ID = "99";
const KEY = generateKeyPairSync("rsa", {
	modulusLength: 2_048,
	publicKeyEncoding: { type: "spki", format: "pem" },
	privateKeyEncoding: { type: "pkcs1", format: "pem" },
});

/** GitHub's REST API as far as DRAVEN knows it, over HTTP, with a memory; and the sender of its webhooks. */
export class FakeGitHub {
	readonly token = "ghp_oneThatMustNeverBeShown";
	readonly app = { id: APP_ID, installationId: INSTALLATION_ID, privateKey: KEY.privateKey };
	readonly installation = {
		permissions: { actions: "write", contents: "read", checks: "read", statuses: "read", metadata: "read" } as Record<
			string,
			string
		>,
		events: ["workflow_run"],
		suspended_at: null as string | null,
	};
	/** The webhook of the App itself. */
	readonly appHook: { url?: string; secret?: string } = {};
	/** An Enterprise Server: no run details, ten inputs. */
	enterprise = false;
	/** How long an installation's token lives, ms. */
	tokenLife = 3_600_000;
	now: () => Date = () => new Date();
	/** The primary rate limit; null: there is none, as at an Enterprise Server. */
	rate: { readonly limit: number; left: number; readonly endsAt: Date } | null = null;
	readonly #server: ProviderServer;
	readonly repositories: FakeRepository[] = [];
	readonly #kept: string[] = [];
	readonly #installationTokens = new Map<string, number>();

	private constructor(server: ProviderServer) {
		this.#server = server;
		server.answer = (asked) => this.#answer(asked);
		server.now = () => this.now();
		server.counts = () => this.#countDown();
	}

	static async open(): Promise<FakeGitHub> {
		return new FakeGitHub(await ProviderServer.open());
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

	/** How far GitHub's clock is ahead of ours, ms. */
	set ahead(ms: number) {
		this.#server.ahead = ms;
	}

	/** Scopes of the token when it is a classic one. */
	set scopes(scopes: string) {
		this.#server.headers = { "x-oauth-scopes": scopes };
	}

	/** Called when a request has come, and again when it is done; true: the one who asked is gone by now, and gets no answer. */
	set onRequest(call: ((asked: FakeRequest, done: boolean) => boolean) | null) {
		this.#server.onRequest = call;
	}

	repository(name: string): FakeRepository {
		const repository = new FakeRepository(name, this.repositories.length + 1, () => this.now());
		this.repositories.push(repository);
		return repository;
	}

	/** The next `times` requests that fit `METHOD /path` go wrong. */
	fault(on: RegExp, fault: Fault, times = 1): void {
		this.#server.fault(on, fault, times);
	}

	/** Nothing goes wrong any more. */
	forgive(): void {
		this.#server.forgive();
	}

	asked(on: RegExp): FakeRequest[] {
		return this.#server.asked(on);
	}

	/** Keeps a text as the place where logs lie does, and says its address: whoever has that may read it, and no token may come along. */
	keep(text: string): string {
		this.#kept.push(text);
		return `${this.url}/kept/${this.#kept.length - 1}`;
	}

	/** All installation tokens end now, as when an App's access is renewed. */
	revokeTokens(): void {
		this.#installationTokens.clear();
	}

	/** The body of a webhook about a run as it stands, or as `change` says. */
	runEvent(repository: FakeRepository, run: FakeRun, action: string, change: object = {}): string {
		return JSON.stringify({
			action,
			workflow_run: { ...runJson(repository, run), ...change },
			workflow: { name: run.file, path: `.github/workflows/${run.file}` },
			repository: { id: repository.id, full_name: repository.name },
			installation: { id: Number(INSTALLATION_ID) },
		});
	}

	/** Sends a webhook as GitHub does, and says how it was answered. */
	async deliver(
		to: { readonly url: string; readonly secret: string },
		event: string,
		body: string,
		id: string = randomUUID(),
	): Promise<{ status: number; body: unknown }> {
		const answer = await fetch(to.url, {
			method: "POST",
			body,
			headers: {
				"content-type": "application/json",
				"user-agent": "GitHub-Hookshot/0000000",
				"x-github-event": event,
				"x-github-delivery": id,
				"x-hub-signature-256": `sha256=${createHmac("sha256", to.secret).update(body).digest("hex")}`,
			},
		});
		return { status: answer.status, body: await answer.json() };
	}

	#countDown(): Record<string, string> {
		if (this.rate === null) return {};
		this.rate.left = Math.max(0, this.rate.left - 1);
		return {
			"x-ratelimit-limit": String(this.rate.limit),
			"x-ratelimit-remaining": String(this.rate.left),
			"x-ratelimit-reset": String(Math.floor(this.rate.endsAt.getTime() / 1_000)),
		};
	}

	#answer(asked: FakeRequest): FakeAnswer {
		if (this.rate?.left === 0 && this.rate.endsAt > this.now())
			return { status: 403, body: { message: "API rate limit exceeded for user ID 1." } };
		const [, kept] = /^\/kept\/(\d+)$/.exec(asked.path) ?? [];
		if (kept !== undefined)
			return asked.headers["authorization"] === undefined
				? { status: 200, body: this.#kept[Number(kept)] }
				: { status: 400 };
		const [, who = ""] = /^(?:Bearer|token) (.+)$/.exec(String(asked.headers["authorization"])) ?? [];
		const isApp = this.#isApp(who);
		const toApp = this.#answerApp(asked, isApp);
		if (toApp !== null) return toApp;
		const until = this.#installationTokens.get(who);
		const known = who === this.token || (until !== undefined && until > Date.now());
		if (!known)
			return { status: 401, body: { message: "Bad credentials", documentation_url: "https://docs.github.com/rest" } };
		if (asked.path === "/rate_limit") return { status: 200, body: { resources: {} } };
		const [, name = "", rest = ""] = /^\/repos\/([^/]+\/[^/]+)(.*)$/.exec(asked.path) ?? [];
		const lower = decodeURIComponent(name).toLowerCase();
		const repository = this.repositories.find((one) => one.name.toLowerCase() === lower);
		if (repository !== undefined)
			return answerRepository({ repository, request: asked, enterprise: this.enterprise }, decodeURIComponent(rest));
		const moved = this.repositories.find((one) => one.formerNames.includes(lower));
		if (moved === undefined) return notFound;
		const location = `${this.url}/repos/${moved.name}${rest}${asked.query.size > 0 ? `?${asked.query}` : ""}`;
		return {
			status: asked.method === "GET" ? 301 : 307,
			headers: { location },
			body: { message: "Moved Permanently" },
		};
	}

	/** What the App sent, or `id` of it once more. */
	#answerDeliveries(id: string | undefined): FakeAnswer {
		const all = this.repositories.flatMap((repository) =>
			repository.deliveries.filter(({ hook }) => hook === null).map((delivery) => ({ repository, delivery })),
		);
		if (id === undefined) return { status: 200, body: all.map(({ delivery }) => delivery) };
		const known = all.find(({ delivery }) => String(delivery.id) === id);
		return known === undefined ? notFound : attemptAgain(known.repository, known.delivery);
	}

	#answerApp(asked: FakeRequest, isApp: boolean): FakeAnswer | null {
		if (!asked.path.startsWith("/app/")) return null;
		if (!isApp) return { status: 401, body: { message: "A JSON web token could not be decoded" } };
		if (asked.path === `/app/installations/${INSTALLATION_ID}`)
			return { status: 200, body: { id: Number(INSTALLATION_ID), ...this.installation } };
		if (asked.path === "/app/hook/config") {
			if (asked.method === "PATCH") Object.assign(this.appHook, asked.body);
			const { secret, url } = this.appHook;
			return { status: 200, body: { url, ...(secret === undefined ? {} : { secret: "********" }) } };
		}
		const [, id] = /^\/app\/hook\/deliveries(?:\/(\d+)\/attempts)?$/.exec(asked.path) ?? [asked.path, ""];
		if (id !== "") return this.#answerDeliveries(id);
		if (asked.path !== `/app/installations/${INSTALLATION_ID}/access_tokens`) return notFound;
		const token = `ghs_${randomUUID().replaceAll("-", "")}`;
		this.#installationTokens.set(token, Date.now() + this.tokenLife);
		const expires_at = new Date(Date.now() + this.tokenLife).toISOString();
		return { status: 201, body: { token, expires_at, permissions: this.installation.permissions } };
	}

	/** Whether this is a JWT that our App signed, for now. */
	#isApp(jwt: string): boolean {
		const [head = "", claims = "", signature = ""] = jwt.split(".");
		if (signature === "") return false;
		const verify = createVerify("RSA-SHA256").update(`${head}.${claims}`);
		if (!verify.verify(KEY.publicKey, signature, "base64url")) return false;
		const said = JSON.parse(Buffer.from(claims, "base64url").toString()) as { iss: string; exp: number; iat: number };
		const now = (Date.now() + this.#server.ahead) / 1_000;
		return String(said.iss) === APP_ID && said.iat <= now && said.exp > now && said.exp <= now + 660;
	}
}
