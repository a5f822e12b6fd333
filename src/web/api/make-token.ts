import type { EntityManager } from "typeorm";
import type { z } from "zod";
import type { Actor } from "../../core/audit-entry.ts";
import { done, type Outcome, refusal, refused } from "../../core/refusal.ts";
import type { Deps } from "../../deps.ts";
import { type ApiTokenRow, IntegrationTable } from "../../store/entities.ts";
import { createToken } from "../../store/tokens.ts";
import type { NewToken } from "./schemas.ts";

/** Makes the token that was asked for, by the API and on the page alike. */
export async function makeToken(
	deps: Deps,
	actor: Actor,
	asked: z.output<typeof NewToken>,
	/** Written together with it, or not at all. */
	also?: (tx: EntityManager, made: { readonly row: ApiTokenRow; readonly plain: string }) => Promise<void>,
): Promise<Outcome<{ row: ApiTokenRow; plain: string }>> {
	const { name, role, projects, environments, integration, email = null, expires } = asked;
	const isScoped = projects !== undefined || environments !== undefined;
	const bound =
		integration === undefined ? null : await deps.db.getRepository(IntegrationTable).findOneBy({ slug: integration });
	if (integration !== undefined && bound === null)
		return refused(refusal("unknown_integration", `There is no integration "${integration}".`));
	const reach = { projects: projects ?? ["*"], environments: environments ?? ["*"] };
	const made = await createToken(
		deps,
		{
			...{ name, email, actor },
			may: role === undefined ? { runnerOf: bound?.id ?? null } : { role, ...(isScoped ? { reach } : {}) },
			expiresAt: expires === undefined ? null : new Date(deps.now().getTime() + expires),
		},
		also,
	);
	return done(made);
}
