import { randomBytes } from "node:crypto";
import { openSecrets } from "../../src/configuration/integrations.ts";
import type { Role } from "../../src/core/access.ts";
import { SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import type { Deps } from "../../src/deps.ts";
import type { WebhookPort } from "../../src/ports/pipeline.ts";
import { IntegrationTable, type Provider } from "../../src/store/entities.ts";
import { createToken, type NewToken } from "../../src/store/tokens.ts";
import { createFront } from "../../src/use-cases/front.ts";
import type { Rates } from "../../src/web/api/admit.ts";
import type { PageRates } from "../../src/web/pages/gate.ts";
import type { OpenId } from "../../src/web/pages/open-id.ts";
import { createWebServer, type WebServer, type WebServerContext } from "../../src/web/server.ts";
import { type Setting, World } from "../support/world.ts";

export interface Answered {
	readonly status: number;
	readonly type: string;
	readonly headers: Headers;
	/** The body as JSON; as text when it is none, null when there is none. */
	// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came.
	readonly body: any;
}

export interface Asked {
	readonly token?: string | null;
	/** Sent as JSON; text is sent as it is. */
	readonly body?: unknown;
	readonly headers?: Readonly<Record<string, string>>;
}

export interface SiteOptions {
	readonly setting?: Setting;
	readonly localMode?: boolean;
	readonly webhooks?: Partial<Record<Provider, WebhookPort>>;
	/** What the server is given otherwise than the world has it. */
	readonly deps?: (world: World) => Partial<Deps>;
	readonly ready?: WebServerContext["ready"];
	readonly examineIntegration?: (world: World) => NonNullable<WebServerContext["examineIntegration"]>;
	readonly rates?: Rates;
	readonly pageRates?: PageRates;
	readonly openId?: (world: World) => OpenId;
}

/** The web server on a real port, in front of a world. */
export class Site {
	readonly world: World;
	readonly url: string;
	readonly port: number;
	readonly server: WebServer;
	readonly #tokens = new Map<string, string>();

	private constructor(world: World, server: WebServer, port: number) {
		this.world = world;
		this.server = server;
		this.port = port;
		this.url = `http://127.0.0.1:${port}`;
	}

	static async open(options: SiteOptions = {}): Promise<Site> {
		const world = await World.open(options.setting);
		world.deps = { ...world.deps, localMode: options.localMode ?? false, ...options.deps?.(world) };
		const { deps } = world;
		const server = createWebServer({
			...{ deps, front: createFront(deps), slackInbox: null, teamsInbox: null, log: deps.log },
			webhooks: options.webhooks ?? {},
			webhookSecretOf: (integration) => openSecrets(deps.box, integration).webhookSecret ?? null,
			ready: options.ready ?? (async () => ({ ok: true })),
			...(options.examineIntegration === undefined ? {} : { examineIntegration: options.examineIntegration(world) }),
			...(options.rates === undefined ? {} : { rates: options.rates }),
			...(options.pageRates === undefined ? {} : { pageRates: options.pageRates }),
			...(options.openId === undefined ? {} : { openId: options.openId(world) }),
		});
		const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
		return new Site(world, server, port);
	}

	async close(): Promise<void> {
		await this.server.close();
		await this.world.close();
	}

	/** What a pipeline of the fake provider pushes its lines with. */
	async boundToken(): Promise<string> {
		const { id } = await this.world.deps.db.getRepository(IntegrationTable).findOneByOrFail({ slug: "fake" });
		return (await this.newToken({ may: { runnerOf: id } })).plain;
	}

	async newToken(token: Partial<NewToken>): Promise<{ id: string; plain: string; personId: string }> {
		const { row, plain } = await createToken(this.world.deps, {
			name: `token ${randomBytes(3).toString("hex")}`,
			...{ may: { role: "viewer" }, email: null, expiresAt: null, actor: SYSTEM_ACTOR },
			...token,
		});
		return { id: row.id, plain, personId: row.personId };
	}

	/** A token of a role, one a role and name: each is another person. */
	async token(role: Exclude<Role, "emergency"> | "runner", name: string = role): Promise<string> {
		const key = `${role} ${name}`;
		const known = this.#tokens.get(key);
		if (known !== undefined) return known;
		const may = role === "runner" ? { runnerOf: null } : { role };
		const { plain } = await this.newToken({ name, may });
		this.#tokens.set(key, plain);
		return plain;
	}

	/** One request. Without `token` an admin's is shown; null: none. */
	async ask(method: string, path: string, { token, body, headers = {} }: Asked = {}): Promise<Answered> {
		const shown = token === undefined ? await this.token("admin") : token;
		const text = typeof body === "string" ? body : JSON.stringify(body);
		const response = await fetch(`${this.url}${path}`, {
			method,
			headers: {
				...(shown === null ? {} : { authorization: `Bearer ${shown}` }),
				...(body === undefined ? {} : { "content-type": typeof body === "string" ? "text/plain" : "application/json" }),
				...headers,
			},
			...(text === undefined ? {} : { body: text }),
		});
		return readAnswer(response);
	}

	api(method: string, path: string, asked: Asked = {}): Promise<Answered> {
		return this.ask(method, `/api/v1${path}`, asked);
	}

	/** Asks for a run of the shop; an operator does. */
	async run(to: "stage" | "production", more: Record<string, unknown> = {}): Promise<Answered["body"]> {
		const body = { project: "shop", environment: to, ref: "v1.0.0", ...more };
		const answer = await this.api("POST", "/runs", { token: await this.token("operator"), body });
		if (answer.status !== 201) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
		return answer.body;
	}
}

async function readAnswer(response: Response): Promise<Answered> {
	const type = response.headers.get("content-type") ?? "";
	const text = await response.text();
	const body = text === "" ? null : type.includes("json") ? JSON.parse(text) : text;
	return { status: response.status, type, headers: response.headers, body };
}
