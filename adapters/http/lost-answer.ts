import { z } from "zod";
import { VendorError } from "../../src/ports/vendor-error.ts";

/** Codes of connections that were never made: nothing was sent over them. */
const NEVER_SENT =
	/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.+|ERR_SSL_.+|EPROTO|CERT_.+|.*SELF_SIGNED.*|UNABLE_TO_.+)$/;

const Clues = z.object({
	name: z.string().optional().catch(undefined),
	code: z.string().optional().catch(undefined),
	cause: z.unknown().optional(),
});

/** What it means that there is no answer: surely nothing happened there, or nobody knows. */
export function lostAnswer(
	error: unknown,
	call: { readonly provider: string; readonly host: string; readonly method: string; readonly withinMs: number },
): VendorError {
	const changes = call.method !== "GET";
	if (Clues.safeParse(error).data?.name === "TimeoutError")
		return new VendorError(
			"unavailable",
			`${call.provider} at ${call.host} did not answer within ${call.withinMs / 1_000} s.`,
			{
				mayHaveHappened: changes,
			},
		);
	const code = codeOf(error);
	// Not the error itself as the cause: it may hold what was sent.
	return NEVER_SENT.test(code)
		? new VendorError("unavailable", `${call.provider} at ${call.host} cannot be reached (${code}).`)
		: new VendorError("unavailable", `The connection to ${call.provider} at ${call.host} broke (${code}).`, {
				mayHaveHappened: changes,
			});
}

/** fetch hides the reason one or two causes deep. */
function codeOf(error: unknown): string {
	let at = error;
	for (let depth = 0; depth < 5; depth++) {
		const clues = Clues.safeParse(at).data;
		if (clues?.code !== undefined) return clues.code;
		at = clues?.cause;
	}
	return "no reason given";
}
