import type { Deps } from "../deps.ts";
import type { WebhookContent } from "../ports/pipeline.ts";
import { runsAtWorkKnownAs, runsOverKnownAs } from "../store/runs.ts";
import { askAfter } from "./ask-after.ts";
import { providerSpoke } from "./provider-spoke.ts";

/** Milliseconds after the end of a run in which it is heard that it was run again there; what comes with the end itself says nothing new. */
const HEARD_AFTER = 60_000;
const HEARD_UNTIL = 7 * 24 * 3_600_000;

/**
 * A webhook that names a run and cannot be taken at its word: what it is about is read from the provider. False: no run goes by that
 * name in this repository of this integration, and nobody was asked.
 */
export async function followNudge(
	deps: Deps,
	integrationId: string,
	{ repository, run: name }: Extract<WebhookContent, { kind: "nudge" }>,
): Promise<boolean> {
	const runs = await runsAtWorkKnownAs(deps.db, integrationId, repository, name);
	for (const run of runs) {
		await askAfter(deps, run, true);
		await providerSpoke(deps, run.id);
	}
	if (runs.length > 0) return true;
	const now = deps.now().getTime();
	const lately = { after: new Date(now - HEARD_UNTIL), before: new Date(now - HEARD_AFTER) };
	const over = await runsOverKnownAs(deps.db, integrationId, repository, name, lately);
	for (const run of over) await askAfter(deps, run);
	return over.length > 0;
}
