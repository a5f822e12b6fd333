import cookie from "@fastify/cookie";
import formbody from "@fastify/formbody";
import helmet from "@fastify/helmet";
import type { FastifyInstance } from "fastify";
import type { AppContext } from "../app.ts";
import { accountPages } from "./account.tsx";
import { adminPages } from "./admin/pages.ts";
import { addAssets } from "./assets.ts";
import { auditPages } from "./audit.tsx";
import { boardPages } from "./board.tsx";
import { guardSessions } from "./gate.ts";
import { alone, type PageRoute, registerPage } from "./page.tsx";
import { reportPages } from "./reports.tsx";
import { runPages } from "./run.tsx";
import { runsPages } from "./runs.tsx";
import { addSignIn } from "./sign-in.tsx";
import { addStreams } from "./streams.ts";

const FORM_BYTES = 262_144;

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
			frameguard: { action: "deny" },
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
		await app.register(async (ways) => addSignIn(ways, context));
		await app.register(async (pages) => {
			guardSessions(pages, context);
			for (const page of PAGES) registerPage(pages, context, page);
			addStreams(pages, context);
		});
	});
}
