import type { PersonLock } from "../core/person-lock.ts";
import type { Refusal } from "../core/refusal.ts";
import type { PersonRef } from "../core/run.ts";
import type { Rich } from "../ports/chat.ts";
import { heldBy, refusalRich } from "./refusal-words.ts";

interface Where {
	readonly project: { readonly slug: string };
	readonly environment: { readonly slug: string };
}

/** Whether the one who asks may release there; `refused`: what they would read. */
export function rightExplained({ project, environment }: Where, refused: Refusal | null): Rich {
	return refused === null
		? ["✅ ", { bold: "right" }, `: You may deploy to ${project.slug}/${environment.slug}.`]
		: ["❌ ", { bold: "right" }, ": ", ...refusalRich(refused)];
}

export function lockExplained(lock: PersonLock, reader: PersonRef): Rich {
	return lock.person.id === reader.id
		? ["✅ ", { bold: "lock" }, `: You hold it (${heldBy(lock)}), so your own runs pass.`]
		: ["⏳ ", { bold: "lock" }, `: Locked by ${heldBy(lock)}. A run of yours would wait until that ends.`];
}
