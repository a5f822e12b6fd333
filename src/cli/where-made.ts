import type { Finding } from "../ports/checkup.ts";
import type { IntegrationRow } from "../store/entities.ts";

/** Sends whoever reads a finding to where the integration was made: what the page or the API made stands in no draven.yaml. */
export function whereMade({ managedBy }: Pick<IntegrationRow, "managedBy">, finding: Finding): Finding {
	if (managedBy !== "api") return finding;
	const { found, mend } = finding;
	return { ...finding, found: onPage(found), mend: mend === null ? null : onPage(mend) };
}

function onPage(sentence: string): string {
	return sentence
		.replaceAll(/(?:,| and) run `draven apply`/g, "")
		.replaceAll("in draven.yaml", "on the page, where it was made");
}
