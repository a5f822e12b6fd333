import { EntitySchema } from "typeorm";
import type { Role, Subject } from "../core/access.ts";

/** Who made a row: a draven.yaml, the API, or the sample of local mode. */
export type ManagedBy = "file" | "api" | "sample";
export type Provider = "github" | "gitlab" | "bitbucket" | "runner";

export interface PersonRow {
	id: string;
	name: string;
	createdAt: Date;
}

export interface IdentityRow {
	/** Of a provider: the account there, in lower case; its tenant is the integration's id. */
	platform: "slack" | "teams" | "local" | "token" | "email" | Provider;
	tenant: string;
	externalId: string;
	personId: string;
	email: string | null;
}

/** What may be shown of an integration; secrets stand here as the `${NAME}` they came from. */
export interface IntegrationSettings {
	readonly app?: { readonly id: string; readonly installationId: string };
	readonly mode?: "variables" | "inputs";
	/** Path of a secret in the file -> the text it was written as, e.g. `token` -> `${GITHUB_TOKEN}`. */
	readonly secretRefs?: Readonly<Record<string, string>>;
}

export interface IntegrationRow {
	id: string;
	slug: string;
	provider: Provider;
	baseUrl: string | null;
	settings: IntegrationSettings;
	/** Sealed JSON of IntegrationSecrets; null: it has none. */
	secrets: string | null;
	managedBy: ManagedBy;
}

export interface PolicyRow {
	id: string;
	slug: string;
	extends: string | null;
	rules: unknown;
	managedBy: ManagedBy;
}

export interface ProjectRow {
	id: string;
	slug: string;
	name: string;
	integrationId: string;
	repository: string;
	pipeline: string;
	defaultRef: string;
	managedBy: ManagedBy;
	archivedAt: Date | null;
}

export interface Channels {
	readonly slack?: string;
	readonly teams?: string;
}

export interface EnvironmentRow {
	id: string;
	projectId: string;
	slug: string;
	aliases: string[];
	policy: string;
	channels: Channels;
	labels: string[];
	position: number;
	archivedAt: Date | null;
}

export interface AccessBindingRow {
	id: string;
	role: Role;
	subjects: Subject[];
	projects: string[];
	environments: string[];
	managedBy: ManagedBy;
	position: number;
}

export interface ApiTokenRow {
	id: string;
	name: string;
	kind: "api" | "runner";
	role: Role | null;
	/** Globs of where the role holds; null, both: everywhere. */
	projects: string[] | null;
	environments: string[] | null;
	personId: string;
	integrationId: string | null;
	hash: Buffer;
	createdAt: Date;
	expiresAt: Date | null;
	revokedAt: Date | null;
}

export interface SettingRow {
	name: string;
	value: string;
}

/** A freeze by hand; one for each scope. */
export interface FreezeRow {
	projects: string;
	environments: string;
	personId: string;
	personName: string;
	reason: string;
	until: Date | null;
	createdAt: Date;
}

const managedBy = { type: "text", name: "managed_by" } as const;
const managedByCheck = (table: string) => ({
	name: `${table}_managed_by_known`,
	expression: "managed_by IN ('file','api','sample')",
});
const foreignKey = (name: string, target: string, column: string) => ({
	target,
	columnNames: [column],
	referencedColumnNames: ["id"],
	name,
});

export const PersonTable = new EntitySchema<PersonRow>({
	name: "person",
	columns: {
		id: { type: "uuid", primary: true },
		name: { type: "text" },
		createdAt: { type: "timestamptz", name: "created_at", createDate: true },
	},
});

export const IdentityTable = new EntitySchema<IdentityRow>({
	name: "identity",
	columns: {
		platform: { type: "text", primary: true },
		tenant: { type: "text", primary: true },
		externalId: { type: "text", primary: true, name: "external_id" },
		personId: { type: "uuid", name: "person_id" },
		email: { type: "text", nullable: true },
	},
	checks: [
		{
			name: "identity_platform_known",
			expression: "platform IN ('slack','teams','local','token','email','github','gitlab','bitbucket','runner')",
		},
	],
	foreignKeys: [foreignKey("identity_person", "person", "personId")],
	indices: [
		{ name: "identity_by_person", columns: ["personId"] },
		{ name: "identity_by_email", columns: ["email"], where: "email IS NOT NULL" },
	],
});

export const IntegrationTable = new EntitySchema<IntegrationRow>({
	name: "integration",
	columns: {
		id: { type: "uuid", primary: true },
		slug: { type: "text" },
		provider: { type: "text" },
		baseUrl: { type: "text", name: "base_url", nullable: true },
		settings: { type: "jsonb", default: {} },
		secrets: { type: "text", nullable: true },
		managedBy,
	},
	uniques: [{ name: "integration_slug", columns: ["slug"] }],
	checks: [
		{ name: "integration_provider_known", expression: "provider IN ('github','gitlab','bitbucket','runner')" },
		managedByCheck("integration"),
	],
});

export const PolicyTable = new EntitySchema<PolicyRow>({
	name: "policy",
	columns: {
		id: { type: "uuid", primary: true },
		slug: { type: "text" },
		extends: { type: "text", nullable: true },
		rules: { type: "jsonb", default: {} },
		managedBy,
	},
	uniques: [{ name: "policy_slug", columns: ["slug"] }],
	checks: [managedByCheck("policy")],
});

export const ProjectTable = new EntitySchema<ProjectRow>({
	name: "project",
	columns: {
		id: { type: "uuid", primary: true },
		slug: { type: "text" },
		name: { type: "text" },
		integrationId: { type: "uuid", name: "integration_id" },
		repository: { type: "text" },
		pipeline: { type: "text" },
		defaultRef: { type: "text", name: "default_ref" },
		managedBy,
		archivedAt: { type: "timestamptz", name: "archived_at", nullable: true },
	},
	uniques: [{ name: "project_slug", columns: ["slug"] }],
	checks: [managedByCheck("project")],
	foreignKeys: [foreignKey("project_integration", "integration", "integrationId")],
});

export const EnvironmentTable = new EntitySchema<EnvironmentRow>({
	name: "environment",
	columns: {
		id: { type: "uuid", primary: true },
		projectId: { type: "uuid", name: "project_id" },
		slug: { type: "text" },
		aliases: { type: "text", array: true, default: [] },
		policy: { type: "text" },
		channels: { type: "jsonb", default: {} },
		labels: { type: "text", array: true, default: [] },
		position: { type: "integer", default: 0 },
		archivedAt: { type: "timestamptz", name: "archived_at", nullable: true },
	},
	uniques: [{ name: "environment_slug", columns: ["projectId", "slug"] }],
	foreignKeys: [foreignKey("environment_project", "project", "projectId")],
});

export const AccessBindingTable = new EntitySchema<AccessBindingRow>({
	name: "access_binding",
	columns: {
		id: { type: "uuid", primary: true },
		role: { type: "text" },
		subjects: { type: "jsonb" },
		projects: { type: "text", array: true, default: ["*"] },
		environments: { type: "text", array: true, default: ["*"] },
		managedBy,
		position: { type: "integer", default: 0 },
	},
	checks: [
		{
			name: "access_binding_role_known",
			expression: "role IN ('viewer','operator','approver','admin','emergency')",
		},
		managedByCheck("access_binding"),
	],
});

export const ApiTokenTable = new EntitySchema<ApiTokenRow>({
	name: "api_token",
	columns: {
		id: { type: "uuid", primary: true },
		name: { type: "text" },
		kind: { type: "text" },
		role: { type: "text", nullable: true },
		projects: { type: "text", array: true, nullable: true },
		environments: { type: "text", array: true, nullable: true },
		personId: { type: "uuid", name: "person_id" },
		integrationId: { type: "uuid", name: "integration_id", nullable: true },
		hash: { type: "bytea" },
		createdAt: { type: "timestamptz", name: "created_at", createDate: true },
		expiresAt: { type: "timestamptz", name: "expires_at", nullable: true },
		revokedAt: { type: "timestamptz", name: "revoked_at", nullable: true },
	},
	uniques: [{ name: "api_token_hash", columns: ["hash"] }],
	checks: [
		{ name: "api_token_kind_known", expression: "kind IN ('api','runner')" },
		{ name: "api_token_role_known", expression: "role IN ('viewer','operator','approver','admin')" },
		{ name: "api_token_role_with_kind", expression: "(kind = 'api') = (role IS NOT NULL)" },
		{
			name: "api_token_scope_whole",
			expression:
				"(projects IS NULL AND environments IS NULL) OR (kind = 'api' AND cardinality(projects) > 0 AND cardinality(environments) > 0)",
		},
	],
	foreignKeys: [
		foreignKey("api_token_person", "person", "personId"),
		foreignKey("api_token_integration", "integration", "integrationId"),
	],
});

export const SettingTable = new EntitySchema<SettingRow>({
	name: "setting",
	columns: { name: { type: "text", primary: true }, value: { type: "text" } },
});

export const FreezeTable = new EntitySchema<FreezeRow>({
	name: "release_freeze",
	columns: {
		projects: { type: "text", primary: true },
		environments: { type: "text", primary: true },
		personId: { type: "uuid", name: "person_id" },
		personName: { type: "text", name: "person_name" },
		reason: { type: "text" },
		until: { type: "timestamptz", nullable: true },
		createdAt: { type: "timestamptz", name: "created_at" },
	},
	foreignKeys: [foreignKey("release_freeze_person", "person", "personId")],
});

export const ENTITIES = [
	PersonTable,
	IdentityTable,
	IntegrationTable,
	PolicyTable,
	ProjectTable,
	EnvironmentTable,
	AccessBindingTable,
	ApiTokenTable,
	SettingTable,
	FreezeTable,
];
