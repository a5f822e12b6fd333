import { createHash, createHmac, createVerify, generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { runJson } from "./github/answers.ts";
import { answerRepository, type FakeAnswer, type FakeRequest, notFound } from "./github/routes.ts";
import { FakeRepository, type FakeRun } from "./github/state.ts";

/** What goes wrong with a request. */
export type GitHubFault =
	/** The connection ends before anything is done. */
	| "drop"
	/** It is done, and the answer is lost. */
	| "drop_answer"
	/** It is done, and the connection ends in the middle of the answer. */
	| "break_answer"
	/** It is done, and nothing is ever answered. */
	| "hang"
	/** This is answered, and nothing is done. */
	| FakeAnswer;

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
	readonly requests: FakeRequest[] = [];
	/** An Enterprise Server: no run details, ten inputs. */
	enterprise = false;
	/** Scopes of the token when it is a classic one. */
	scopes: string | null = null;
	/** How long an installation's token lives, ms. */
	tokenLife = 3_600_000;
	/** How far GitHub's clock is ahead of ours, ms. */
	ahead = 0;
	now: () => Date = () => new Date();
	/** Called when a request has come, and again when it is done; true: the one who asked is gone by now, and gets no answer. */
	onRequest: ((asked: FakeRequest, done: boolean) => boolean) | null = null;
	readonly url: string;
	readonly #server: Server;
	readonly #repositories: FakeRepository[] = [];
	readonly #faults: { readonly on: RegExp; readonly fault: GitHubFault; times: number }[] = [];
	readonly #installationTokens = new Map<string, number>();

	private constructor(server: Server) {
		this.#server = server;
		this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		server.on("request", (request, response) => void this.#take(request, response));
	}

	static async open(): Promise<FakeGitHub> {
		const server = createServer();
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		return new FakeGitHub(server);
	}

	async close(): Promise<void> {
		this.#server.closeAllConnections();
		this.#server.close();
		await once(this.#server, "close");
	}

	repository(name: string): FakeRepository {
		const repository = new FakeRepository(name, this.#repositories.length + 1, () => this.now());
		this.#repositories.push(repository);
		return repository;
	}

	/** The next `times` requests that fit `METHOD /path` go wrong. */
	fault(on: RegExp, fault: GitHubFault, times = 1): void {
		this.#faults.push({ on, fault, times });
	}

	asked(on: RegExp): FakeRequest[] {
		return this.requests.filter(({ method, path }) => on.test(`${method} ${path}`));
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

	async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? "/", this.url);
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk);
		const text = Buffer.concat(chunks).toString();
		const asked: FakeRequest = {
			method: request.method ?? "GET",
			path: url.pathname,
			query: url.searchParams,
			headers: request.headers,
			body: text === "" ? null : JSON.parse(text),
		};
		this.requests.push(asked);
		if (this.onRequest?.(asked, false) === true) return void request.socket.destroy();
		const fault = this.#faults.find(({ on, times }) => times > 0 && on.test(`${asked.method} ${asked.path}`));
		if (fault !== undefined) fault.times -= 1;
		if (fault?.fault === "drop") return void request.socket.destroy();
		const given = typeof fault?.fault === "object" ? fault.fault : this.#answer(asked);
		if (this.onRequest?.(asked, true) === true || fault?.fault === "drop_answer") return void request.socket.destroy();
		if (fault?.fault === "hang") return;
		this.#send(asked, response, given, fault?.fault === "break_answer");
	}

	#send(asked: FakeRequest, response: ServerResponse, answer: FakeAnswer, breaks: boolean): void {
		const isText = typeof answer.body === "string";
		const body = answer.body === undefined ? "" : isText ? String(answer.body) : JSON.stringify(answer.body);
		const etag = `W/"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`;
		const same = asked.method === "GET" && answer.status === 200 && asked.headers["if-none-match"] === etag;
		response.writeHead(same ? 304 : answer.status, {
			...(body === "" ? {} : { "content-type": isText ? "text/html" : "application/json; charset=utf-8" }),
			date: new Date(Date.now() + this.ahead).toUTCString(),
			...(asked.method === "GET" ? { etag } : {}),
			...(this.scopes === null ? {} : { "x-oauth-scopes": this.scopes }),
			...(breaks ? { "content-length": String(body.length) } : {}),
			...answer.headers,
		});
		if (!breaks) return void response.end(same ? undefined : body);
		response.write(body.slice(0, 5), () => response.destroy());
	}

	#answer(asked: FakeRequest): FakeAnswer {
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
		const repository = this.#repositories.find((one) => one.name.toLowerCase() === lower);
		if (repository !== undefined)
			return answerRepository({ repository, request: asked, enterprise: this.enterprise }, decodeURIComponent(rest));
		const moved = this.#repositories.find((one) => one.formerNames.includes(lower));
		if (moved === undefined) return notFound;
		const location = `${this.url}/repos/${moved.name}${rest}${asked.query.size > 0 ? `?${asked.query}` : ""}`;
		return {
			status: asked.method === "GET" ? 301 : 307,
			headers: { location },
			body: { message: "Moved Permanently" },
		};
	}

	#answerApp(asked: FakeRequest, isApp: boolean): FakeAnswer | null {
		if (!asked.path.startsWith("/app/")) return null;
		if (!isApp) return { status: 401, body: { message: "A JSON web token could not be decoded" } };
		if (asked.path === `/app/installations/${INSTALLATION_ID}`)
			return { status: 200, body: { id: Number(INSTALLATION_ID), ...this.installation } };
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
		const now = (Date.now() + this.ahead) / 1_000;
		return String(said.iss) === APP_ID && said.iat <= now && said.exp > now && said.exp <= now + 660;
	}
}
