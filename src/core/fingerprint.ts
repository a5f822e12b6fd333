import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";
import type { RunType } from "./run.ts";

/** All that decides where a pipeline runs, and which one. */
export interface PipelineIdentity {
	readonly integrationId: string;
	readonly provider: string;
	/** null: the provider's own. */
	readonly baseUrl: string | null;
	readonly repository: string;
	readonly pipeline: string;
	/** Where a commit that no branch names any more is dispatched, the pipeline is the one that stands there. */
	readonly defaultRef: string;
	/** What a runner must carry to be given the work; sorted. */
	readonly labels: readonly string[];
}

/** What an approval holds for (SPEC section 3). */
export interface Fingerprinted {
	readonly projectId: string;
	readonly environmentId: string;
	readonly sha: string;
	readonly type: RunType;
	readonly parameters: Readonly<Record<string, string>>;
	readonly pipeline: PipelineIdentity;
	readonly policyVersion: string;
	readonly force: { readonly reason: string; readonly waived: readonly string[] } | null;
}

/** Hex SHA-256: equal exactly when what would run is equal. */
export function fingerprint(what: Fingerprinted): string {
	return createHash("sha256").update(canonicalJson(what)).digest("hex");
}
