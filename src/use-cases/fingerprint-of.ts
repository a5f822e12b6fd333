import { fingerprint } from "../core/fingerprint.ts";
import type { Run } from "../core/run.ts";
import type { Place } from "./catalog.ts";

/** What approvals hold for (SPEC section 3), as it stands now. */
export function fingerprintOf(
	{ project, environment, integration }: Place,
	run: Pick<Run, "type" | "ref" | "parameters" | "force">,
	policyVersion: string,
): string {
	return fingerprint({
		projectId: project.id,
		environmentId: environment.id,
		sha: run.ref.sha,
		type: run.type,
		parameters: run.parameters,
		pipeline: {
			integrationId: integration.id,
			provider: integration.provider,
			baseUrl: integration.baseUrl,
			repository: project.repository,
			pipeline: project.pipeline,
			defaultRef: project.defaultRef,
			labels: [...environment.labels].sort(),
		},
		policyVersion,
		force: run.force,
	});
}
