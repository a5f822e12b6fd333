import type { Deps } from "../deps.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { succeededRuns } from "../store/runs.ts";
import { findPlace, type Place } from "./catalog.ts";

/** A board that is open all day asks the provider this often at most. */
const KNOWN_FOR_MS = 60_000;

interface Known {
	readonly at: number;
	readonly text: Promise<string | null>;
}

const known = new WeakMap<Deps["db"], Map<string, Known>>();

/** How far what is live is behind the project's default ref, one line. Null: nothing is live, or the provider cannot say. */
export async function drift(deps: Deps, project: string, environment: string): Promise<string | null> {
	const place = await findPlace(deps.db.manager, project, environment);
	const [live] = place === null ? [] : await succeededRuns(deps.db, place.environment.id, 1);
	if (place === null || live === undefined) return null;
	const answers = known.get(deps.db) ?? new Map<string, Known>();
	known.set(deps.db, answers);
	const key = `${place.environment.id} ${live.ref.sha}`;
	const now = deps.now().getTime();
	for (const [old, { at }] of answers) if (now - at > KNOWN_FOR_MS) answers.delete(old);
	const answer = answers.get(key) ?? { at: now, text: ask(deps, place, live.ref.sha) };
	answers.set(key, answer);
	return answer.text;
}

async function ask(deps: Deps, place: Place, live: string): Promise<string | null> {
	const { defaultRef } = place.pipeline;
	try {
		const port = deps.pipelineOf(place.integration);
		const head = await port.resolveRef(place.pipeline, defaultRef);
		if (head === null) return null;
		if (head.sha === live) return `Up to date with ${defaultRef}.`;
		const compared = await port.compare(place.pipeline, live, head.sha);
		if (compared === null) return null;
		const { ahead, behind, more } = compared;
		const missing = ahead === 0 ? "nothing" : `${ahead}${more ? " or more" : ""} ${ahead === 1 ? "commit" : "commits"}`;
		const extra = behind === 0 ? "" : `, and has ${behind} that ${behind === 1 ? "is" : "are"} not in it`;
		return `Behind ${defaultRef} by ${missing}${extra}.`;
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return null;
	}
}
