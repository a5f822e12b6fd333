import { randomBytes } from "node:crypto";
import type { Actor } from "../core/audit-entry.ts";
import { done, type Outcome } from "../core/refusal.ts";
import type { ApplyStore } from "./apply.ts";
import { changeEntry } from "./change-entry.ts";

/** Gives an integration another secret for its webhook. What is returned is told once: kept is what it is checked with, sealed. */
export async function makeWebhookSecret(store: ApplyStore, name: string, actor: Actor): Promise<Outcome<string>> {
	const secret = randomBytes(32).toString("hex");
	const wish = { kind: "integration", action: "merge", name, entry: { webhookSecret: secret } } as const;
	const changed = await changeEntry(store, wish, actor);
	return changed.ok ? done(secret) : changed;
}
