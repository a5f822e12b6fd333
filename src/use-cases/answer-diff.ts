import { refusal } from "../core/refusal.ts";
import type { Answer } from "../ports/front.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { diffCard } from "../words/evidence-words.ts";
import { type CommandContext, no, yes } from "./answer.ts";
import { findPlace, knownNames, type Place } from "./catalog.ts";
import { ciOf, gatherEvidence } from "./gather-evidence.ts";
import { sees } from "./sight.ts";

/** What the project's default ref has that is not live yet, in one environment or in each. */
export async function answerDiff(
	{ deps, caller }: CommandContext,
	project: string,
	environment: string | null,
): Promise<Answer> {
	const { projects } = await knownNames(deps.db.manager);
	const known = projects.find(({ slug }) => slug === project)?.environments ?? [];
	const slugs = known
		.map(({ slug }) => slug)
		.filter((slug) => environment === null || slug === environment)
		.filter((slug) => sees(caller, { project, environment: slug }));
	const found = await Promise.all(slugs.map((slug) => findPlace(deps.db.manager, project, slug)));
	const places = found.filter((place): place is Place => place !== null);
	const [first] = places;
	if (first === undefined)
		return no(refusal("unknown_environment", `${project} has no environment to compare.`, `deploy status ${project}`));
	const { defaultRef } = first.pipeline;
	try {
		const ref = await deps.pipelineOf(first.integration).resolveRef(first.pipeline, defaultRef);
		if (ref === null)
			return no(
				refusal(
					"unknown_ref",
					`${project} has no ref "${defaultRef}", which is its default.`,
					"Ask an admin to correct defaultRef.",
				),
			);
		const ci = await ciOf(deps, first, ref.sha);
		const evidence = await Promise.all(places.map((place) => gatherEvidence(deps, place, ref, ci)));
		return yes(
			diffCard(
				`${project}: what ${defaultRef} (${ref.sha.slice(0, 8)}) has that is not live`,
				places.flatMap((place, n) => {
					const one = evidence[n];
					return one === undefined ? [] : [{ name: place.environment.slug, evidence: one }];
				}),
			),
		);
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return no(refusal("ref_unreadable", `Nothing can be compared: ${error.message}`, "Try again in a minute."));
	}
}
