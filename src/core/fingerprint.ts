import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";
import type { RunType } from "./run.ts";

/** What an approval holds for (SPEC section 3). */
export interface Fingerprinted {
	readonly projectId: string;
	readonly environmentId: string;
	readonly sha: string;
	readonly type: RunType;
	readonly parameters: Readonly<Record<string, string>>;
	/** Integration, repository and pipeline. */
	readonly pipeline: string;
	readonly policyVersion: string;
	readonly force: { readonly reason: string; readonly waived: readonly string[] } | null;
}

/** Hex SHA-256: equal exactly when what would run is equal. */
export function fingerprint(what: Fingerprinted): string {
	return createHash("sha256").update(canonicalJson(what)).digest("hex");
}
