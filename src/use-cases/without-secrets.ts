import { maskLog } from "../core/mask-log.ts";
import type { Deps } from "../deps.ts";
import type { IntegrationRow } from "../store/entities.ts";

/** What an integration's side said, as people may see it: a log's last line or a provider's error may hold what no log may show. */
export function withoutSecrets(deps: Deps, integration: IntegrationRow, text: string): string {
	const secrets = deps.secretsOf(integration);
	if (secrets === null)
		return `What was said of it is not shown, because the secrets of ${integration.slug} cannot be opened to mask them in it.`;
	return maskLog(text.split("\n"), secrets).join("\n");
}
