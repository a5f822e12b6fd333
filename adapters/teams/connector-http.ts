import type { ConfigurationBotFrameworkAuthentication } from "botbuilder";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { boundedFetch } from "../http/bounded-fetch.ts";
import { teamsError } from "./teams-error.ts";
import type { Tokens } from "./tokens.ts";

type ConnectorOptions = NonNullable<ConstructorParameters<typeof ConfigurationBotFrameworkAuthentication>[4]>;
type HttpClient = NonNullable<ConnectorOptions["httpClient"]>;

export interface ConnectorHttpOptions {
	readonly mayHaveToken: (url: string) => boolean;
	/** Null: none are sent. */
	readonly tokens: Pick<Tokens, "refused"> | null;
	readonly withinMs: number;
}

/**
 * What the Bot Framework's connector sends goes through here: to hosts that may have our token alone, with an end, without following
 * redirects, and never twice. An answer that is a refusal is thrown as what it means; the library would try it again by itself, and
 * then a message could stand there twice.
 */
export function connectorHttp({ mayHaveToken, tokens, withinMs }: ConnectorHttpOptions): HttpClient {
	return {
		async sendRequest(request) {
			if (!mayHaveToken(request.url))
				throw new VendorError("rejected", "The server that Teams named for its answers is none of Microsoft's.");
			const { origin } = new URL(request.url);
			const response = await boundedFetch(
				"Teams",
				origin,
				withinMs,
			)(request.url, {
				method: request.method,
				headers: request.headers.toJson(),
				redirect: "manual",
				...(typeof request.body === "string" ? { body: request.body } : {}),
			});
			const text = await response.text();
			if (response.status === 401 && tokens?.refused(tokenIn(request.headers.get("authorization"))))
				throw new VendorError(
					"unavailable",
					"Teams does not accept the token any more; it is tried again with a new one.",
				);
			if (!response.ok) throw teamsError(response.status, text, response.headers.get("retry-after"));
			const headers = request.headers.clone();
			for (const name of headers.headerNames()) headers.remove(name);
			return { request, status: response.status, headers, bodyAsText: text };
		},
	};
}

function tokenIn(authorization: string | undefined): string {
	return authorization?.replace(/^Bearer /, "") ?? "";
}
