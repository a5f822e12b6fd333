import type { IntegrationRow } from "../store/entities.ts";
import type { SecretBox } from "../store/secret-box.ts";

/** What an integration keeps secret. */
export interface IntegrationSecrets {
	readonly token?: string;
	readonly webhookSecret?: string;
	readonly app?: { readonly privateKey: string };
}

/** Opens the secrets of an integration. Throws one sentence when they were sealed with a key that is not there. */
export function openSecrets(
	box: SecretBox,
	integration: Pick<IntegrationRow, "id" | "slug" | "secrets">,
): IntegrationSecrets {
	if (integration.secrets === null) return {};
	try {
		return JSON.parse(box.open(context(integration.id), integration.secrets)) as IntegrationSecrets;
	} catch (error) {
		throw new Error(
			`The secrets of the integration ${integration.slug} cannot be opened. ${(error as Error).message}`,
			{
				cause: error,
			},
		);
	}
}

/** Null when there is nothing to keep. */
export function sealSecrets(box: SecretBox, integrationId: string, secrets: IntegrationSecrets): string | null {
	if (Object.keys(secrets).length === 0) return null;
	return box.seal(context(integrationId), JSON.stringify(secrets));
}

/** Bound to the row: sealed secrets copied to another integration do not open there. */
function context(integrationId: string): string {
	return `integration:${integrationId}`;
}
