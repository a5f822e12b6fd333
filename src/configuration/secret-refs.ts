import { createHash } from "node:crypto";
import type { FileIntegration } from "./schema.ts";

/** Where secrets stand in an integration of draven.yaml. */
export const SECRET_FIELDS = [
	{ path: "token", of: (one: FileIntegration) => ("token" in one ? one.token : undefined) },
	{ path: "webhookSecret", of: (one: FileIntegration) => ("webhookSecret" in one ? one.webhookSecret : undefined) },
	{ path: "app.privateKey", of: (one: FileIntegration) => ("app" in one ? one.app?.privateKey : undefined) },
] as const;

export type SecretPath = (typeof SECRET_FIELDS)[number]["path"];

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
