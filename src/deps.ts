import type { Logger } from "pino";
import type { DataSource } from "typeorm";
import type { ChatPort, Platform } from "./ports/chat.ts";
import type { CheckupPort } from "./ports/checkup.ts";
import type { GroupsPort } from "./ports/groups.ts";
import type { PipelinePort } from "./ports/pipeline.ts";
import type { IntegrationRow } from "./store/entities.ts";
import type { SecretBox } from "./store/secret-box.ts";

/** What a use case is given. Made once in main.ts; tests make their own. */
export interface Deps {
	readonly db: DataSource;
	readonly box: SecretBox;
	readonly auditKey: Buffer;
	readonly chats: Partial<Record<Platform, ChatPort>>;
	readonly groups: Partial<Record<Platform, GroupsPort>>;
	/** The adapter of an integration, with its secrets opened. Throws VendorError when there is none for the provider. */
	readonly pipelineOf: (integration: IntegrationRow) => PipelinePort;
	/** Who looks after an integration at its provider; null: a runner, which has none. Throws VendorError without credentials. */
	readonly checkupOf: (integration: IntegrationRow) => CheckupPort | null;
	/** What no log may show: the secrets of an integration; null: they cannot be opened. */
	readonly secretsOf: (integration: IntegrationRow) => readonly string[] | null;
	readonly now: () => Date;
	readonly log: Logger;
	/** Says that jobs were committed: workers look at once instead of at their next poll. */
	readonly wake: () => void;
	/** What is cached of people and groups is stale; null: all of it. */
	readonly forgetPeople: (platform: Platform, what: { group: string } | { user: string } | null) => void;
	readonly publicUrl: string;
	readonly localMode: boolean;
	/** Seconds of a provider's silence after which a run is polled. */
	readonly pollIntervalSeconds: number;
}
