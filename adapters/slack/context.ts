import type { Logger } from "pino";
import type { Front } from "../../src/ports/front.ts";
import type { WebClient } from "./api.ts";
import type { IdentitySource } from "./identity.ts";

/** What those who carry out a request are given. */
export interface SlackContext {
	readonly api: WebClient;
	readonly identity: IdentitySource;
	readonly front: () => Front;
	readonly log: Logger;
}
