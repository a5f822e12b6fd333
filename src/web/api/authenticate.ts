import type { Deps } from "../../deps.ts";
import type { ApiTokenRow } from "../../store/entities.ts";
import { findToken } from "../../store/tokens.ts";
import { problem, type Reply } from "../problem.ts";

const LONGEST = 512;

/** The token behind `Authorization: Bearer …`, looked up on every request: one that was revoked is known at once. */
export async function authenticate(
	deps: Deps,
	header: string | undefined,
	kind: ApiTokenRow["kind"] | "either",
): Promise<ApiTokenRow | Reply> {
	const plain = /^bearer +([\x21-\x7e]+)$/i.exec(header?.trim() ?? "")?.[1];
	if (plain === undefined)
		return problem(401, "no_token", "Say who you are: Authorization: Bearer <API token>.", {
			"www-authenticate": 'Bearer realm="DRAVEN"',
		});
	const token = plain.length > LONGEST ? null : await findToken(deps.db, plain, deps.now());
	if (token === null)
		return problem(401, "bad_token", "This token is not known, was revoked or has expired.", {
			"www-authenticate": 'Bearer realm="DRAVEN", error="invalid_token"',
		});
	if (kind === "either" || token.kind === kind) return token;
	return problem(
		403,
		"wrong_token_kind",
		kind === "runner"
			? "Only tokens of runners are taken here; make one with `draven token create`."
			: "A runner's token runs work and does nothing else; use an API token.",
	);
}
