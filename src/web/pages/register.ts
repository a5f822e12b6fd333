import { Readable } from "node:stream";
import cookie from "@fastify/cookie";
import formbody from "@fastify/formbody";
import helmet from "@fastify/helmet";
import type { FastifyInstance } from "fastify";
import { isEnd } from "../../core/run.ts";
import { linesFrom } from "../../store/run-log.ts";
import { findRun } from "../api/find-run.ts";
import type { AppContext } from "../app.ts";
import { accountPages } from "./account.tsx";
import { adminPages } from "./admin/pages.ts";
import { addAssets } from "./assets.ts";
import { auditPages } from "./audit.tsx";
import { boardPages } from "./board.tsx";
import { sessionCookie } from "./cookies.ts";
import { Changes } from "./events.ts";
import { alone, mayLook, type PageRoute, registerPage } from "./page.tsx";
import { reportPages } from "./reports.tsx";
import { runPages } from "./run.tsx";
import { runsPages } from "./runs.tsx";
import { addSignIn } from "./sign-in.tsx";

const FORM_BYTES = 262_144;
const MOST_WATCHERS = 500;
const WATCHED_FOR_MS = 5 * 60_000;

export const PAGES: readonly PageRoute[] = [
	...boardPages,
	...runsPages,
	...runPages,
	...auditPages,
	...reportPages,
	...accountPages,
	...adminPages,
];

/** The web page: a part of the server with headers, cookies and errors of its own. */
export async function addPages(server: FastifyInstance, context: AppContext): Promise<void> {
	await server.register(async (app) => {
		await app.register(helmet, {
			contentSecurityPolicy: {
				useDefaults: false,
				directives: {
					defaultSrc: ["'none'"],
					scriptSrc: ["'self'"],
					styleSrc: ["'self'"],
					imgSrc: ["'self'", "data:"],
					connectSrc: ["'self'"],
					formAction: ["'self'"],
					baseUri: ["'none'"],
					frameAncestors: ["'none'"],
				},
			},
			referrerPolicy: { policy: "same-origin" },
			strictTransportSecurity: context.deps.publicUrl.startsWith("https:"),
		});
		await app.register(cookie);
		await app.register(formbody, { bodyLimit: FORM_BYTES });
		app.addHook("onSend", async (_request, reply) => {
			if (!reply.hasHeader("cache-control")) reply.header("cache-control", "no-store");
		});
		app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
			if ((error.statusCode ?? 500) < 500)
				return alone(reply, error.statusCode ?? 400, "That is no form that can be read", "Go back and send it again.");
			const id = Math.random().toString(36).slice(2, 8);
			context.log.error({ err: error, id, url: request.routeOptions.url }, "a page broke");
			return alone(
				reply,
				500,
				"Something broke",
				`That should not happen. Nothing was changed; the log knows it as ${id}.`,
			);
		});
		addAssets(app);
		addSignIn(app, context);
		for (const page of PAGES) registerPage(app, context, page);
		addStreams(app, context);
	});
}

/** What is no page: the events that pages follow, and a log as a whole. */
function addStreams(app: FastifyInstance, { deps, closing }: AppContext): void {
	const read = sessionCookie(deps.publicUrl).read;
	const changes = new Changes(deps);

	app.get("/events", async (request, reply) => {
		if (!(await mayLook(deps, read(request)))) return reply.code(401).send();
		if (changes.watchers >= MOST_WATCHERS) return reply.code(429).header("retry-after", "30").send();
		const gone = new AbortController();
		const end = () => gone.abort();
		// Whoever watches is looked at again when the browser comes back.
		const timer = setTimeout(end, WATCHED_FOR_MS).unref();
		reply.raw.once("close", () => {
			clearTimeout(timer);
			closing.removeEventListener("abort", end);
			end();
		});
		closing.addEventListener("abort", end);
		return reply
			.headers({ "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" })
			.send(Readable.from(changes.follow(gone.signal)));
	});

	app.get<{ Params: { run: string } }>("/runs/:run/log.txt", async (request, reply) => {
		if (!(await mayLook(deps, read(request)))) return reply.redirect("/sign-in", 303);
		const found = await findRun(deps, request.params.run);
		if (!found.ok) return alone(reply, 404, "There is nothing here", found.refusal.message);
		const { id, progress } = found.value;
		reply.header("content-type", "text/plain; charset=utf-8");
		return reply.send(Readable.from(wholeLog()));

		async function* wholeLog(): AsyncGenerator<string> {
			for (let from = 0; ; ) {
				const lines = await linesFrom(deps.db, id, from, 1_000);
				if (lines.length === 0) break;
				yield lines.map(({ line }) => `${line}\n`).join("");
				from = (lines.at(-1)?.n ?? from) + 1;
			}
			if (!isEnd(progress.state)) yield "… it is still at work\n";
		}
	});
}
