import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { PersonGate } from "./gate.ts";

/** Sign-in by an OpenID provider. */
export interface OpenId {
	/** As people know it: the host of its issuer. */
	readonly name: string;
	/** One sentence when it is known not to work right now. */
	trouble(): Promise<string | null>;
	addTo(app: FastifyInstance, way: Way): void;
}

/** What happens once the provider has vouched for somebody. */
export interface Way {
	signedIn(request: FastifyRequest, reply: FastifyReply, session: string, next: string): Promise<FastifyReply>;
	ownPath(next: string | undefined): string;
	/** True: this person tried to sign in too often, and the answer is given. */
	readonly isTooMuch: PersonGate;
}
