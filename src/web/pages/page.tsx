import { createHmac, timingSafeEqual } from "node:crypto";
import type { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { VNode } from "preact";
import { renderToString } from "preact-render-to-string";
import { may } from "../../core/access.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { Deps } from "../../deps.ts";
import { deleteSession, findSession, type WebPerson } from "../../store/web-sessions.ts";
import type { Caller } from "../../use-cases/identify.ts";
import { identifySession } from "../../use-cases/web-sign-in.ts";
import { isStorable } from "../api/schemas.ts";
import type { AppContext } from "../app.ts";
import { type Viewer, ViewerContext } from "./context.ts";
import { sessionCookie } from "./cookies.ts";
import { markNow } from "./events.ts";
import { Alone, Layout, type Section } from "./layout.tsx";

/** What a page is given: somebody who is signed in, with the rights that they have right now. */
export interface PageCall {
	readonly deps: Deps;
	readonly who: WebPerson;
	readonly caller: Caller;
	readonly admin: boolean;
	readonly params: Readonly<Record<string, string>>;
	/** Of a key that is there more than once, the last value. */
	readonly query: Readonly<Record<string, string>>;
	/** Fields of the form; empty for a GET. */
	readonly form: Readonly<Record<string, string>>;
	readonly request: FastifyRequest;
	/** Where the checkpoints of the audit trail lie; null: this server keeps none. */
	readonly dataDir: string | null;
	/** Asks a provider how an integration stands; null: this server cannot. */
	readonly examineIntegration: NonNullable<AppContext["examineIntegration"]> | null;
}

export type PageReply =
	| {
			readonly kind: "page";
			readonly title: string;
			readonly section: Section;
			readonly content: VNode;
			readonly status?: number;
	  }
	/** A part of a page, put into its place by htmx. */
	| { readonly kind: "part"; readonly content: VNode }
	/** Where the browser goes next, always with GET. `said` is shown there once. */
	| {
			readonly kind: "go";
			readonly to: string;
			readonly said?: { readonly kind: "good" | "bad"; readonly text: string };
	  }
	| { readonly kind: "file"; readonly name: string; readonly type: string; readonly body: string | Readable };

export interface PageRoute {
	readonly method: "GET" | "POST";
	readonly path: string;
	/** Only for those who may change the configuration. */
	readonly admin?: true;
	readonly handle: (call: PageCall) => Promise<PageReply>;
}

/** The answer to a form: back to where it came from, with the sentence. */
export function refusedAt(to: string, { message, next }: Refusal): PageReply {
	return { kind: "go", to, said: { kind: "bad", text: next === null ? message : `${message} ${next}` } };
}

export function doneAt(to: string, text: string): PageReply {
	return { kind: "go", to, said: { kind: "good", text } };
}

export function registerPage(app: FastifyInstance, context: AppContext, route: PageRoute): void {
	const cookie = sessionCookie(context.deps.publicUrl);
	app.route({
		method: route.method,
		url: route.path,
		handler: async (request, reply) => {
			const plain = cookie.read(request);
			const { deps } = context;
			const byPerson = request.headers["hx-request"] === undefined;
			const who = plain === null ? null : await findSession(deps.db, plain, deps.now(), byPerson);
			if (plain === null || who === null) return signInFirst(request, reply);
			if (!isStorable([request.params, request.query, request.body]))
				return alone(
					reply,
					400,
					"That cannot be read",
					"The address or the form has letters in it that nothing is written with.",
				);
			const csrf = csrfOf(plain);
			if (route.method === "POST" && !isOwnForm(request, csrf, deps.publicUrl)) return strange(reply);
			const found = await identifySession(deps, who, route.method === "POST");
			if (!found.ok) return alone(reply, 503, "That does not work right now", found.refusal.message);
			const caller = found.value;
			if (caller.principal.outsider) return notAnyMore(deps, plain, reply);
			const admin = may("configure", caller.bindings, caller.principal, { project: "*", environment: "*" }).ok;
			if (route.admin && !admin)
				return alone(reply, 403, "Not for you", "Only admins of everything may look at this. Ask one of them.");
			const call = {
				...{ deps, who, caller, admin, request, dataDir: context.dataDir ?? null },
				examineIntegration: context.examineIntegration ?? null,
				params: request.params as Record<string, string>,
				query: textsOf(request.query),
				form: textsOf(request.body),
			};
			// Before anything is read: what moves while the page is made is told to it.
			const mark = byPerson ? await markNow(deps) : "";
			const viewer = { name: caller.person.name, admin, csrf, flash: cookie.takeFlash(request, reply) };
			return answer(reply, await route.handle(call), mark, viewer, cookie);
		},
	});
}

/** Whoever has become a guest, or was switched off, is out at once: the page shows more than a channel does. */
async function notAnyMore(deps: Deps, plain: string, reply: FastifyReply): Promise<FastifyReply> {
	await deleteSession(deps.db, plain);
	return alone(reply, 403, "Not for guests", "The web page is not for guests and people of other organisations.");
}

/** The person who may look at what is no page: the same as at pages. Null: nobody is signed in, or not any more. */
export async function whoLooks(deps: Deps, plain: string | null): Promise<string | null> {
	const who = plain === null ? null : await findSession(deps.db, plain, deps.now(), false);
	if (who === null) return null;
	const found = await identifySession(deps, who);
	return found.ok && !found.value.principal.outsider ? who.personId : null;
}

function answer(
	reply: FastifyReply,
	page: PageReply,
	mark: string,
	viewer: Viewer,
	cookie: ReturnType<typeof sessionCookie>,
): FastifyReply {
	switch (page.kind) {
		case "page":
			return html(
				reply,
				page.status ?? 200,
				viewer,
				<Layout {...page} mark={mark}>
					{page.content}
				</Layout>,
			);
		case "part":
			return reply
				.type("text/html; charset=utf-8")
				.send(renderToString(<ViewerContext.Provider value={viewer}>{page.content}</ViewerContext.Provider>));
		case "go":
			if (page.said !== undefined) cookie.flash(reply, page.said);
			return reply.redirect(page.to, 303);
		case "file":
			return reply
				.headers({ "content-type": page.type, "content-disposition": `attachment; filename="${page.name}"` })
				.send(page.body);
		default:
			return page satisfies never;
	}
}

function html(reply: FastifyReply, status: number, viewer: Viewer, node: VNode): FastifyReply {
	const text = renderToString(<ViewerContext.Provider value={viewer}>{node}</ViewerContext.Provider>);
	return reply.code(status).type("text/html; charset=utf-8").send(`<!doctype html>${text}`);
}

/** A page of one card for those who see no more. */
export function alone(reply: FastifyReply, status: number, title: string, text: string): FastifyReply {
	return showAlone(
		reply,
		status,
		<Alone title={title}>
			<p>{text}</p>
			<p>
				<a href="/">To the board</a>
			</p>
		</Alone>,
	);
}

/** For a path that nothing lies at, outside of the pages and their headers. */
export function nothingHere(reply: FastifyReply): FastifyReply {
	reply.header(
		"content-security-policy",
		"default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'",
	);
	return alone(
		reply,
		404,
		"There is nothing here",
		"The address leads nowhere: it may be of something that was removed.",
	);
}

export function showAlone(reply: FastifyReply, status: number, node: VNode): FastifyReply {
	return reply
		.code(status)
		.type("text/html; charset=utf-8")
		.send(`<!doctype html>${renderToString(node)}`);
}

/** To the way in, and back again afterwards. Of a form only the page: what was typed is not carried out later. */
function signInFirst(request: FastifyRequest, reply: FastifyReply): FastifyReply {
	if (request.headers["hx-request"] !== undefined) return reply.header("hx-redirect", "/sign-in").code(204).send();
	const next = request.method === "GET" && request.url !== "/" ? `?next=${encodeURIComponent(request.url)}` : "";
	return reply.redirect(`/sign-in${next}`, 303);
}

/** What a session's forms carry: nobody can know it who does not have the cookie. */
export function csrfOf(plain: string): string {
	return createHmac("sha256", plain).update("csrf").digest("base64url");
}

function isOwnForm(request: FastifyRequest, csrf: string, publicUrl: string): boolean {
	if (!isSameSite(request, publicUrl)) return false;
	const given = Buffer.from(textsOf(request.body)["csrf"] ?? "");
	const wanted = Buffer.from(csrf);
	return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** As far as the browser says it. */
export function isSameSite(request: FastifyRequest, publicUrl: string): boolean {
	const { origin } = request.headers;
	const site = request.headers["sec-fetch-site"];
	if (site !== undefined && site !== "same-origin" && site !== "none") return false;
	return origin === undefined || origin === new URL(publicUrl).origin || origin === `http://${request.headers.host}`;
}

export function strange(reply: FastifyReply): FastifyReply {
	return alone(
		reply,
		403,
		"This form is not from here",
		"It was not sent from a page that you have open here, or that page is from before you signed in. Nothing was changed: open the page again and repeat it.",
	);
}

/** Fields of a query or form as texts; of one that is there more than once, the last. */
export function textsOf(fields: unknown): Readonly<Record<string, string>> {
	if (typeof fields !== "object" || fields === null) return {};
	return Object.fromEntries(
		Object.entries(fields).map(([key, value]) => [key, String(Array.isArray(value) ? value.at(-1) : value)]),
	);
}
