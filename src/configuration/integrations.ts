import type { IntegrationRow } from "../store/entities.ts";
import type { Sql } from "../store/runs.ts";
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

/** What no log may show; null: they cannot be opened, so that nobody knows. */
export function secretValues(
	box: SecretBox,
	integration: Pick<IntegrationRow, "id" | "slug" | "secrets">,
): string[] | null {
	try {
		return textsIn(openSecrets(box, integration));
	} catch {
		return null;
	}
}

function textsIn(value: unknown): string[] {
	if (typeof value === "string") return [value];
	return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
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

/** After a rotation of DRAVEN_SECRET_KEY: what the old keys sealed is sealed with the first one, so that they can be dropped. */
export async function resealSecrets(sql: Sql, box: SecretBox): Promise<void> {
	const rows: { id: string; slug: string; secrets: string }[] = await sql.query(
		"SELECT id, slug, secrets FROM integration WHERE secrets IS NOT NULL",
	);
	for (const row of rows.filter(({ secrets }) => box.isStale(secrets))) {
		const sealed = sealSecrets(box, row.id, openSecrets(box, row));
		await sql.query("UPDATE integration SET secrets = $3 WHERE id = $1 AND secrets = $2", [
			row.id,
			row.secrets,
			sealed,
		]);
	}
}
