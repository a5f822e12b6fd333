import { createHmac, randomUUID } from "node:crypto";
import { FakeProject } from "./gitlab/project.ts";
import { answerProject, notFound } from "./gitlab/routes.ts";
import { type FakeAnswer, type FakeRequest, type Fault, ProviderServer } from "./provider-server.ts";

/** GitLab's REST API as far as DRAVEN knows it, over HTTP, with a memory; and the sender of its webhooks. */
export class FakeGitLab {
	readonly token = "glpat-oneThatMustNeverBeShown";
	version = "18.6.0-ee";
	/** What the token may do. */
	scopes = ["api"];
	/** When the token ends, as a day. */
	expires: string | null = null;
	now: () => Date = () => new Date();
	readonly #server: ProviderServer;
	readonly #subpath: string;
	readonly #projects: FakeProject[] = [];

	private constructor(server: ProviderServer, subpath: string) {
		this.#server = server;
		server.now = () => this.now();
		this.#subpath = subpath;
		server.answer = (asked) => this.#answer(asked);
	}

	/** `subpath`: a server of one's own may live below one, such as /gitlab. */
	static async open(subpath = ""): Promise<FakeGitLab> {
		return new FakeGitLab(await ProviderServer.open(), subpath);
	}

	async close(): Promise<void> {
		await this.#server.close();
	}

	/** Where people see it. */
	get url(): string {
		return `${this.#server.url}${this.#subpath}`;
	}

	get requests(): FakeRequest[] {
		return this.#server.requests;
	}

	/** How far GitLab's clock is ahead of ours, ms. */
	set ahead(ms: number) {
		this.#server.ahead = ms;
	}

	/** Headers that come with each answer: of the rate limit, say. */
	set headers(headers: Readonly<Record<string, string>>) {
		this.#server.headers = headers;
	}

	project(path: string): FakeProject {
		const project = new FakeProject(path, this.#projects.length + 1, () => this.now());
		this.#projects.push(project);
		return project;
	}

	/** The next `times` requests that fit `METHOD /path` go wrong. */
	fault(on: RegExp, fault: Fault, times = 1): void {
		this.#server.fault(on, fault, times);
	}

	asked(on: RegExp): FakeRequest[] {
		return this.#server.asked(on);
	}

	/** Sends a webhook as GitLab does, and says how it was answered. A secret of whsec_… signs it, any other one is sent along. */
	async deliver(
		to: { readonly url: string; readonly secret: string },
		event: string,
		body: string,
		more: { readonly id?: string | null; readonly at?: Date } = {},
	): Promise<{ status: number; body: unknown }> {
		const { id = randomUUID(), at = this.now() } = more;
		const answer = await fetch(to.url, {
			method: "POST",
			body,
			headers: {
				"content-type": "application/json",
				"user-agent": "GitLab/18.6.0",
				"x-gitlab-event": event,
				"x-gitlab-instance": "https://gitlab.test",
				"x-gitlab-webhook-uuid": "2a2f0f6c-0000-4000-8000-000000000001",
				"x-gitlab-event-uuid": randomUUID(),
				...(id === null ? {} : { "idempotency-key": id }),
				...(to.secret.startsWith("whsec_") ? signed(to.secret, id ?? "", at, body) : { "x-gitlab-token": to.secret }),
			},
		});
		return { status: answer.status, body: await answer.json() };
	}

	#answer(asked: FakeRequest): FakeAnswer {
		const api = `${this.#subpath}/api/v4`;
		if (!asked.path.startsWith(`${api}/`)) return { status: 404, body: "<html>Sign in · GitLab</html>" };
		const path = asked.path.slice(api.length);
		if (asked.headers["private-token"] !== this.token) return { status: 401, body: { message: "401 Unauthorized" } };
		if (!this.scopes.includes("api") && !(asked.method === "GET" && this.scopes.includes("read_api")))
			return {
				status: 403,
				body: {
					error: "insufficient_scope",
					error_description: "The request requires higher privileges.",
					scope: "api",
				},
			};
		if (path === "/personal_access_tokens/self")
			return {
				status: 200,
				body: { id: 1, name: "draven", active: true, revoked: false, scopes: this.scopes, expires_at: this.expires },
			};
		if (path === "/version") return { status: 200, body: { version: this.version, revision: "abc" } };
		const [, id = "", rest = ""] = /^\/projects\/([^/]+)(.*)$/.exec(path) ?? [];
		const name = decodeURIComponent(id).toLowerCase();
		const project = this.#projects.find((one) => one.path.toLowerCase() === name || String(one.id) === name);
		if (project !== undefined) return answerProject({ project, request: asked, api: this.url }, rest);
		const moved = this.#projects.find((one) => one.formerPaths.includes(name));
		if (moved === undefined) return notFound("Project");
		if (asked.method !== "GET")
			return { status: 405, body: { message: "Non GET methods are not allowed for moved projects" } };
		const query = asked.query.size > 0 ? `?${asked.query}` : "";
		return { status: 301, headers: { location: `${this.url}/api/v4/projects/${moved.id}${rest}${query}` } };
	}
}

/** As Standard Webhooks have it. */
function signed(secret: string, id: string, at: Date, body: string): Record<string, string> {
	const seconds = String(Math.floor(at.getTime() / 1_000));
	const key = Buffer.from(secret.slice("whsec_".length), "base64");
	const signature = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
	return { "webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": `v1,${signature}` };
}
