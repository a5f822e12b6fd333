import { randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { Deps } from "../../deps.ts";
import type { Front } from "../../ports/front.ts";
import type { ApiTokenRow } from "../../store/entities.ts";
import type { Sql } from "../../store/runs.ts";
import type { AppContext } from "../app.ts";
import { problem, type Reply } from "../problem.ts";
import { send } from "../send.ts";
import type { Gate } from "./admit.ts";
import { once } from "./idempotency.ts";
import { isStorable, NoBody, NoQuery } from "./schemas.ts";
import { problemsOf, wording } from "./wording.ts";

/** One request, known to be allowed in and well formed. */
export interface Call<Query, Body> {
	readonly deps: Deps;
	readonly front: Front;
	/** Where the checkpoints of the audit trail lie; null: this server keeps none. */
	readonly dataDir: string | null;
	/** Asks a provider how an integration stands; null: this server cannot. */
	readonly examineIntegration: NonNullable<AppContext["examineIntegration"]> | null;
	readonly token: ApiTokenRow;
	/** `{id}` of the path, or all that it names, `a/b`; empty where there is none. */
	readonly id: string;
	readonly query: Query;
	readonly body: Body;
	readonly accept: string;
	/** The version that the caller saw (If-Match); null: they do not say, or any will do. */
	readonly ifMatch: string | null;
	/** Names this request: the same for the tries of one Idempotency-Key, else unique. */
	readonly deliveryId: string;
	/**
	 * Writes the answer together with its effect, for effects that would show if they came twice. False: it was answered already, so
	 * nothing may be written.
	 */
	readonly settle: (tx: Sql, reply: Reply) => Promise<boolean>;
	/** Aborted when the caller goes away or the server closes. */
	readonly gone: AbortSignal;
}

export interface Endpoint {
	readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
	/** Below /api/v1, as the framework writes it. */
	readonly path: string;
	readonly summary: string;
	readonly token: ApiTokenRow["kind"] | "either";
	readonly query: z.ZodType;
	readonly body: z.ZodType;
	/** What the body is, where only the handler can check it. */
	readonly bodyDescribed?: z.ZodType;
	/** What each status of success says; null: nothing. */
	readonly answers: Readonly<Partial<Record<200 | 201 | 204, z.ZodType | null>>>;
	/** Whether it takes or gives text/plain beside JSON. */
	readonly text?: "takes" | "gives";
	/** Whether it gives text/event-stream to whoever asks for it. */
	readonly streams?: true;
	/** Whether If-Match is heeded. */
	readonly ifMatch?: true;
	/** Bytes; default: that of the server. */
	readonly bodyLimit?: number;
	/** NUL and broken Unicode are the endpoint's own affair. */
	readonly anyText?: boolean;
	readonly handle: (call: Call<unknown, unknown>) => Promise<Reply>;
}

type Described<Query extends z.ZodType, Body extends z.ZodType> = Omit<
	Endpoint,
	"token" | "query" | "body" | "handle"
> & {
	readonly token?: Endpoint["token"];
	readonly query?: Query;
	readonly body?: Body;
	readonly handle: (call: Call<z.output<Query>, z.output<Body>>) => Promise<Reply>;
};

/** Ties the handler to its schemas: what it is given has passed them. */
export function endpoint<Query extends z.ZodType = typeof NoQuery, Body extends z.ZodType = typeof NoBody>(
	described: Described<Query, Body>,
): Endpoint {
	const handle = described.handle as Endpoint["handle"];
	return { token: "api", query: NoQuery, body: NoBody, ...described, handle };
}

export function register(
	app: FastifyInstance,
	context: AppContext & { readonly admit: Gate },
	url: string,
	described: Endpoint,
): void {
	const tokens = new WeakMap<FastifyRequest, ApiTokenRow>();
	const { method, bodyLimit } = described;
	app.route<{ Params: Readonly<Record<string, string>> }>({
		method,
		url,
		...(bodyLimit === undefined ? {} : { bodyLimit }),
		// Before the body: nobody unknown makes us read one.
		onRequest: async (request, reply) => {
			const found = await context.admit(request, described.token);
			reply.headers(found.headers);
			if (!found.ok) return send(reply, found.reply);
			if (described.text !== "takes" && /^text\/plain\b/i.test(request.headers["content-type"] ?? ""))
				return send(reply, problem(415, "unsupported_media_type", "Send application/json."));
			tokens.set(request, found.token);
		},
		handler: async (request, reply) => {
			const token = tokens.get(request);
			if (token === undefined) throw new Error("a handler ran without a token");
			return send(reply, await answer(context, described, token, request, aborted(context, reply.raw)));
		},
	});
}

async function answer(
	context: AppContext,
	described: Endpoint,
	token: ApiTokenRow,
	request: FastifyRequest<{ Params: Readonly<Record<string, string>> }>,
	gone: AbortSignal,
): Promise<Reply> {
	const { deps } = context;
	const id = Object.values(request.params).join("/");
	if (!isStorable([id, request.query, described.anyText ? null : request.body]))
		return problem(
			422,
			"invalid_text",
			"NUL characters, broken Unicode and JSON nested deeper than 50 levels are not taken.",
		);
	const query = described.query.safeParse(request.query, { error: wording });
	if (!query.success) return problem(422, "invalid_query", problemsOf(query.error));
	const body = described.body.safeParse(request.body, { error: wording });
	if (!body.success) return problem(422, "invalid_body", problemsOf(body.error));
	const call = {
		...{ deps, front: context.front, dataDir: context.dataDir ?? null },
		examineIntegration: context.examineIntegration ?? null,
		token,
		id,
		query: query.data,
		body: body.data,
		accept: request.headers.accept ?? "",
		ifMatch: versionIn(request.headers["if-match"]),
		gone,
	};
	const key = request.headers["idempotency-key"];
	if (described.method !== "POST" || key === undefined)
		return described.handle({ ...call, deliveryId: `api:${token.id}:${randomUUID()}`, settle: async () => true });
	const what = { token, key: String(key), request: [request.method, request.url, request.body ?? null] };
	return once(deps, what, (named) => described.handle({ ...call, ...named }));
}

function versionIn(header: string | undefined): string | null {
	return header === undefined || header.trim() === "*" ? null : header.trim().replace(/^(?:W\/)?"|"$/g, "");
}

function aborted({ closing }: AppContext, response: NodeJS.EventEmitter): AbortSignal {
	// By hand: AbortSignal.any would leave something behind at `closing` with every request.
	const gone = new AbortController();
	const end = () => gone.abort();
	closing.addEventListener("abort", end);
	response.once("close", () => {
		closing.removeEventListener("abort", end);
		end();
	});
	return gone.signal;
}
