import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Refusal } from "../../core/refusal.ts";
import type { Deps } from "../../deps.ts";
import type { Begun, IdentityProvider, Vouched } from "../../ports/identity-provider.ts";
import { VendorError } from "../../ports/vendor-error.ts";
import { signInByEmail } from "../../use-cases/web-sign-in.ts";
import type { OpenId } from "./open-id.ts";
import { alone } from "./page.tsx";

const PATH = "/sign-in/openid";
/** To type a password and find the second factor. */
const WITHIN_MS = 10 * 60_000;
const CONTEXT = "openid sign-in";
/** The page with the other ways in does not wait for the provider any longer. */
const PATIENCE_MS = 1_000;
const OTHER_WAY = "Say `deploy admin` in chat for a link that signs you in.";

const Kept = z.strictObject({
	state: z.string(),
	nonce: z.string(),
	verifier: z.string(),
	next: z.string(),
	until: z.number(),
});
type Kept = z.infer<typeof Kept>;

export function backOf(publicUrl: string): string {
	return `${publicUrl}${PATH}/back`;
}

/** Sign-in by a provider who tells whose browser it is. */
export function openIdConnect(deps: Deps, provider: IdentityProvider): OpenId {
	const cookie = begunCookie(deps);
	const { host } = provider;

	return {
		name: host,
		trouble: async () => {
			const patience = new Promise<null>((resolve) => setTimeout(resolve, PATIENCE_MS, null).unref());
			return Promise.race([provider.reach().then(() => null, sentenceOf), patience]);
		},
		addTo(app, way) {
			app.get<{ Querystring: { next?: string } }>(PATH, async (request, reply) => {
				const next = way.ownPath(request.query.next);
				const began = await attempt(() => provider.begin(backOf(deps.publicUrl)));
				if (began instanceof VendorError) return noWay(reply, began);
				cookie.write(reply, { ...began.begun, next });
				return reply.redirect(began.url, 303);
			});

			app.get(`${PATH}/back`, async (request, reply) => {
				const kept = cookie.take(request, reply);
				if (kept === null)
					return alone(
						reply,
						400,
						"This sign-in was not begun here",
						`It was not begun in this browser, or was used, or is more than ten minutes ago. Open ${deps.publicUrl}/sign-in and begin again.`,
					);
				const vouched = await attempt(() => provider.finish(answerIn(request), kept));
				if (vouched instanceof VendorError) return noWay(reply, vouched);
				return letIn(request, reply, vouched, kept);
			});

			async function letIn(
				request: FastifyRequest,
				reply: FastifyReply,
				{ name, email }: Vouched,
				{ next }: Kept,
			): Promise<FastifyReply> {
				if (way.isTooMuch(reply, email.toLowerCase())) return reply;
				const session = await signInByEmail(deps, name, email);
				return session.ok ? way.signedIn(request, reply, session.value, next) : notKnown(reply, session.refusal);
			}
		},
	};

	function answerIn(request: FastifyRequest): URL {
		const url = new URL(backOf(deps.publicUrl));
		url.search = new URL(request.url, "http://here.invalid").search;
		return url;
	}

	async function attempt<T>(work: () => Promise<T>): Promise<T | VendorError> {
		return work().catch((error: unknown) => {
			if (!(error instanceof VendorError)) throw error;
			const { cause } = error;
			const reason = cause instanceof Error ? cause.message : undefined;
			deps.log.warn({ host, kind: error.kind, said: error.message, reason }, "a sign-in by OpenID Connect failed");
			return error;
		});
	}

	function noWay(reply: FastifyReply, error: VendorError): FastifyReply {
		const status = error.passing ? 503 : error.kind === "unauthorized" ? 502 : 403;
		return alone(reply, status, `Sign-in with ${host} did not work`, `${error.message} ${OTHER_WAY}`);
	}
}

function notKnown(reply: FastifyReply, { message, next }: Refusal): FastifyReply {
	return alone(reply, 403, "You were not let in", next === null ? message : `${message} ${next}`);
}

function sentenceOf(error: unknown): string {
	if (error instanceof VendorError) return error.message;
	throw error;
}

/** What was begun lies in the browser that began it, sealed, and is good once. */
function begunCookie({ publicUrl, box, now }: Deps) {
	const secure = publicUrl.startsWith("https:");
	const name = secure ? "__Host-draven-openid" : "draven-openid";
	// Lax: the provider's redirect brings it along, a form of another site does not.
	const options = { path: "/", httpOnly: true, sameSite: "lax", secure } as const;
	return {
		write(reply: FastifyReply, begun: Begun & { readonly next: string }): void {
			const kept: Kept = { ...begun, until: now().getTime() + WITHIN_MS };
			reply.setCookie(name, box.seal(CONTEXT, JSON.stringify(kept)), { ...options, maxAge: WITHIN_MS / 1_000 });
		},
		take(request: FastifyRequest, reply: FastifyReply): Kept | null {
			const sealed = request.cookies[name];
			if (sealed === undefined) return null;
			reply.clearCookie(name, options);
			try {
				const kept = Kept.parse(JSON.parse(box.open(CONTEXT, sealed)));
				return kept.until > now().getTime() ? kept : null;
			} catch {
				return null;
			}
		},
	};
}
