import { maskLog } from "../core/mask-log.ts";
import type { Deps } from "../deps.ts";
import type { IntegrationRow } from "../store/entities.ts";

/** What an integration's side said, as people may see it: a log's last line or a provider's error may hold what no log may show. */
export function withoutSecrets(deps: Deps, integration: IntegrationRow, text: string): string {
	return maskLog(text.split("\n"), deps.secretsOf(integration)).join("\n");
}
