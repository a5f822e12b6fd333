import { VendorError } from "../../src/ports/vendor-error.ts";

const SHOWN = 3;

/** Following the wrong one would say that something succeeded which was never started. */
export function severalCarryIt(provider: string, jobId: string, which: readonly string[]): VendorError {
	const left = which.length - SHOWN;
	return new VendorError(
		"rejected",
		`${which.length} pipelines at ${provider} carry the JOB_ID ${jobId}, and nothing tells which of them DRAVEN started. None is followed. Look whether they should be at work: ${which.slice(0, SHOWN).join(", ")}${left > 0 ? ` and ${left} more` : ""}.`,
	);
}
