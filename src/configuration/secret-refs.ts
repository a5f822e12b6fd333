import { createHash } from "node:crypto";
import type { IntegrationSecrets } from "./integrations.ts";

/** Where secrets stand in an integration of draven.yaml. */
export const SECRET_PATHS = ["token", "webhookSecret", "app.privateKey"] as const;
export type SecretPath = (typeof SECRET_PATHS)[number];

export function secretAt(secrets: IntegrationSecrets, path: SecretPath): string | undefined {
	return path === "app.privateKey" ? secrets.app?.privateKey : secrets[path];
}

const SUFFIX: Record<SecretPath, string> = {
	token: "TOKEN",
	webhookSecret: "WEBHOOK_SECRET",
	"app.privateKey": "APP_PRIVATE_KEY",
};

/** The variable that an export names for a secret which was not written as one: `${ACME_GITHUB_TOKEN}`. */
export function derivedRef(slug: string, path: SecretPath): string {
	// Names have fewer letters than slugs: what tells a.b from a-b is a piece of hash.
	const rare = /[^a-z0-9-]/.test(slug) ? `-${createHash("sha256").update(slug).digest("hex").slice(0, 6)}` : "";
	const name = `${slug}${rare}-${SUFFIX[path]}`.toUpperCase().replace(/[^A-Z0-9]/g, "_");
	return `\${${/^\d/.test(name) ? "_" : ""}${name}}`;
}
