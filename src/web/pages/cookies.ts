import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { ABSOLUTE_MS } from "../../store/web-sessions.ts";

const Flash = z.strictObject({ kind: z.enum(["good", "bad"]), text: z.string().max(2_000) });
type Flash = z.infer<typeof Flash>;

/** The two cookies of the page. With https they are bound to the host and never sent without it. */
export function sessionCookie(publicUrl: string) {
	const secure = publicUrl.startsWith("https:");
	const name = secure ? "__Host-draven" : "draven";
	const flashName = `${name}-said`;
	// Lax: a link from chat finds the session that is there.
	const options = { path: "/", httpOnly: true, sameSite: "lax", secure } as const;
	return {
		read(request: FastifyRequest): string | null {
			const value = request.cookies[name];
			return value !== undefined && /^[\w-]{43}$/.test(value) ? value : null;
		},
		write: (reply: FastifyReply, plain: string) =>
			reply.setCookie(name, plain, { ...options, maxAge: ABSOLUTE_MS / 1_000 }),
		clear: (reply: FastifyReply) => reply.clearCookie(name, options),
		flash(reply: FastifyReply, said: Flash): void {
			const value = Buffer.from(JSON.stringify({ ...said, text: said.text.slice(0, 1_000) })).toString("base64url");
			reply.setCookie(flashName, value, { ...options, maxAge: 60 });
		},
		/** What is to be shown, once. */
		takeFlash(request: FastifyRequest, reply: FastifyReply): Flash | null {
			const value = request.cookies[flashName];
			if (value === undefined || request.headers["hx-request"] !== undefined) return null;
			reply.clearCookie(flashName, options);
			try {
				return Flash.parse(JSON.parse(Buffer.from(value, "base64url").toString("utf8")));
			} catch {
				return null;
			}
		},
	};
}
