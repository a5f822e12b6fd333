import type { RefKind } from "../core/run.ts";
import type { Card, Incoming, Platform } from "./chat.ts";

/** What a person is told at once, for their eyes only. */
export interface Answer {
	/** `refused`: nothing was changed. */
	readonly outcome: "done" | "refused";
	/** Stable code of a refusal; null when done. */
	readonly code: string | null;
	readonly card: Card;
	/** The run that was made or changed; a terminal follows it. */
	readonly runId: string | null;
	/** The person asked for the form: open it where the platform has one. */
	readonly form: boolean;
	/** It holds what lets somebody in: nobody else gets to read it, and it is stored nowhere. What cannot be told is made anew. */
	readonly secret: boolean;
}

/** A click on a decision button, or the words given to a reject form. */
export interface Decision {
	readonly platform: Platform;
	readonly tenant: string;
	readonly user: string;
	readonly action: "approve" | "reject" | "cancel" | "retry";
	/** The button's value: `<runId>:<version>`. */
	readonly value: string;
	readonly reason: string | null;
	readonly deliveryId: string;
	/** As in Incoming. */
	readonly saidAt?: Date;
}

/** What the form's pickers offer to one person. */
export interface FormChoices {
	readonly projects: readonly {
		readonly slug: string;
		readonly name: string;
		readonly environments: readonly { readonly slug: string }[];
	}[];
}

export interface RefChoice {
	readonly name: string;
	readonly kind: RefKind;
}

/** A person's own page in the chat: Slack's App Home, a card in the chat with the bot of Teams. */
export interface HomeView {
	readonly waitingForMe: readonly Card[];
	readonly myRuns: readonly Card[];
	readonly notes: Card;
}

/** The use cases as the adapters see them: the same for every chat, and for the terminal. */
export interface Front {
	command(incoming: Incoming): Promise<Answer>;
	decide(decision: Decision): Promise<Answer>;
	formChoices(platform: Platform, tenant: string, user: string): Promise<FormChoices>;
	/** Names for the ref picker, best first, 100 at most; empty when the provider cannot be asked. */
	refChoices(
		platform: Platform,
		tenant: string,
		user: string,
		project: string,
		query: string,
	): Promise<readonly RefChoice[]>;
	home(platform: Platform, tenant: string, user: string): Promise<HomeView>;
	/** The card of a run as this person sees it, by the value of one of its buttons; null: the one that everybody sees will do. */
	ownView(platform: Platform, tenant: string, user: string, value: string): Promise<Card | null>;
	/** The workspace changed: what is cached of a group or person is stale. null: of all. */
	forget(platform: Platform, what: { group: string } | { user: string } | null): void;
}
