import type { FastifyInstance } from "fastify";
import { deleteSession } from "../../store/web-sessions.ts";
import { lookAtLink, personOfLink, signInByLink } from "../../use-cases/web-sign-in.ts";
import type { AppContext } from "../app.ts";
import { sessionCookie } from "./cookies.ts";
import { guardSignIn } from "./gate.ts";
import { Alone } from "./layout.tsx";
import { alone, isSameSite, showAlone, strange } from "./page.tsx";

const TOKEN = /^[\w-]{43}$/;

/** The ways in. None of them takes a session along that was there before. */
export function addSignIn(app: FastifyInstance, context: AppContext): void {
	const { deps, openId } = context;
	const isTooMuch = guardSignIn(app, context);
	const cookie = sessionCookie(deps.publicUrl);

	app.get<{ Querystring: { next?: string } }>("/sign-in", async (request, reply) => {
		const next = ownPath(request.query.next);
		const trouble = (await openId?.trouble()) ?? null;
		return showAlone(
			reply,
			200,
			<Alone title="Sign in">
				{openId === undefined ? null : (
					<p>
						<a
							class="button primary"
							href={`/sign-in/openid${next === "/" ? "" : `?next=${encodeURIComponent(next)}`}`}
						>
							{`Sign in with ${openId.name}`}
						</a>
					</p>
				)}
				{trouble === null ? null : <p role="alert">{`${trouble} That way in may not work right now.`}</p>}
				<p>
					Say <code>deploy admin</code> in chat (in Slack <code>/deploy admin</code>): you get a link that signs you in,
					good once and for five minutes.
				</p>
				{deps.localMode ? (
					<p>
						In local mode: <code>npx draven say admin --as ada</code>
					</p>
				) : null}
			</Alone>,
		);
	});

	app.get<{ Params: { token: string } }>("/sign-in/:token", async (request, reply) => {
		const { token } = request.params;
		const link = await lookAtLink(deps, TOKEN.test(token) ? token : "");
		if (!link.ok)
			return alone(reply, 410, "This link does not work", `${link.refusal.message} ${link.refusal.next ?? ""}`);
		return showAlone(
			reply,
			200,
			<Alone title={`Welcome, ${link.value.name}`}>
				<p>The link is yours alone and good once.</p>
				<form method="post" action={`/sign-in/${token}`}>
					<button class="primary" type="submit">
						{`Sign in as ${link.value.name}`}
					</button>
				</form>
			</Alone>,
		);
	});

	app.post<{ Params: { token: string } }>("/sign-in/:token", async (request, reply) => {
		if (!isSameSite(request, deps.publicUrl)) return strange(reply);
		const { token } = request.params;
		const plain = TOKEN.test(token) ? token : "";
		const person = await personOfLink(deps, plain);
		if (person !== null && isTooMuch(reply, person)) return reply;
		const session = await signInByLink(deps, plain);
		if (!session.ok)
			return alone(reply, 410, "This link does not work", `${session.refusal.message} ${session.refusal.next ?? ""}`);
		await endSession(request);
		cookie.write(reply, session.value);
		return reply.redirect("/", 303);
	});

	async function endSession(request: Parameters<typeof cookie.read>[0]): Promise<void> {
		const old = cookie.read(request);
		if (old !== null) await deleteSession(deps.db, old);
	}

	openId?.addTo(app, {
		signedIn: async (request, reply, session, next) => {
			await endSession(request);
			cookie.write(reply, session);
			return reply.redirect(ownPath(next), 303);
		},
		ownPath,
		isTooMuch,
	});
}

/** A place of ours to go to, whatever was asked for: never another host. */
export function ownPath(next: string | undefined): string {
	const base = "http://here.invalid";
	if (next === undefined || next.length > 500 || !/^\/(?![/\\])/.test(next) || !URL.canParse(next, base)) return "/";
	const url = new URL(next, base);
	// "/.//host" has become "//host", which a browser takes for another one.
	return url.origin === base && !url.pathname.startsWith("//") ? `${url.pathname}${url.search}` : "/";
}
