/** Cards as DRAVEN means them, before a vendor's blocks. Adapters escape every text for their platform. */

export type Platform = "slack" | "teams" | "local";

/** A group or account of a platform: mentioned there, called by `name` everywhere else. */
export interface Mention {
	readonly platform: Platform;
	readonly kind: "group" | "user";
	readonly id: string;
	readonly name: string;
	/** Of a group that is called on: accounts in it that are not. A platform that notifies no groups calls on its members instead. */
	readonly except?: readonly string[];
}

export type Inline =
	| string
	| { readonly bold: string }
	| { readonly code: string }
	| { readonly link: string; readonly text: string }
	/** Shown as a mention where the platform knows the person, else as the name. */
	| { readonly person: { readonly id: string; readonly name: string } }
	| { readonly mention: Mention }
	/** Shown in the reader's own time zone where the platform can. */
	| { readonly time: Date };

export type Rich = readonly Inline[];

export type CardAction =
	/** `approve`, `reject` and the like: `value` is an opaque id and version (`<runId>:<version>`), the right is checked on the click. */
	| {
			readonly kind: "decision";
			readonly id: "approve" | "reject" | "cancel" | "retry";
			readonly label: string;
			readonly style: "primary" | "danger" | "default";
			readonly value: string;
			/** A question asked before; null: none. */
			readonly confirm: string | null;
			/** For screen readers: the whole sentence. */
			readonly spoken: string;
	  }
	/** Says the command in the name of the person who clicks. */
	| { readonly kind: "command"; readonly label: string; readonly command: string; readonly spoken: string }
	| { readonly kind: "link"; readonly label: string; readonly url: string; readonly spoken: string };

export type CardBlock =
	| { readonly kind: "title"; readonly text: string }
	| { readonly kind: "text"; readonly text: Rich }
	| { readonly kind: "fields"; readonly fields: readonly { readonly label: string; readonly value: Rich }[] }
	| { readonly kind: "small"; readonly text: Rich }
	| { readonly kind: "code"; readonly text: string }
	| { readonly kind: "divider" }
	| { readonly kind: "actions"; readonly actions: readonly CardAction[] };

export interface Card {
	/** The whole content as plain text: notifications, screen readers, old clients, the terminal. */
	readonly text: string;
	readonly blocks: readonly CardBlock[];
	/** Who sees it in their own way where the platform can show that, those first who are needed most; absent: nobody. */
	readonly readers?: readonly Mention[];
}

/** A message that the platform took. */
export interface Posted {
	readonly channel: string;
	/** Slack: ts. Teams: activity id. */
	readonly messageId: string;
}

/** A command, from wherever it came. */
export interface Incoming {
	readonly platform: Platform;
	/** Slack: team id. Teams: tenant id. */
	readonly tenant: string;
	/** The platform's id of the person. */
	readonly user: string;
	readonly channel: string | null;
	/** Root message of the thread it was said in; names the run. */
	readonly thread: string | null;
	/** Without the mention and without the slash command's name. */
	readonly text: string;
	/** What makes two deliveries the same one; unique within the platform. */
	readonly deliveryId: string;
	/** When it reached us; absent: just now. What waited for too long is not carried out any more. */
	readonly saidAt?: Date;
}

/** A chat platform. Every method has a time-out of its own and throws VendorError alone. */
export interface ChatPort {
	readonly platform: Platform;
	/**
	 * Posts a message, in a thread when `thread` is given. `clientId` names the post: with it a post whose answer was lost can be
	 * looked up. Never tries again by itself: the outbox does.
	 */
	post(to: { channel: string; thread: string | null }, card: Card, clientId: string): Promise<Posted>;
	/** Looks for a post by its clientId. null: not found; "cannot_look": the platform or the scopes do not let us. */
	find(
		to: { channel: string; thread: string | null },
		clientId: string,
		since: Date,
	): Promise<Posted | null | "cannot_look">;
	/** Edits a message in place. "gone": it cannot be edited any more; post a replacement. */
	update(posted: Posted, card: Card): Promise<"updated" | "gone">;
	/** A direct message to one person, by the platform's id of theirs. */
	tell(user: string, card: Card, clientId: string): Promise<void>;
}
