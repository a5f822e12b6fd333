/** What a person can say (SPEC section 2), after parsing. The one grammar of Slack, Teams and the terminal. */

import type { FreezeScope } from "./freeze.ts";
import type { Until } from "./freeze-until.ts";

export interface Target {
	readonly project: string;
	readonly environment: string;
}

/** A run as a person names it; null: the run of the thread they speak in. */
export type RunNumber = number | null;

export type Command =
	| {
			readonly verb: "deploy";
			readonly project: string;
			readonly ref: string | null;
			/** null: the answer offers the environments as buttons. */
			readonly environment: string | null;
			readonly parameters: Readonly<Record<string, string>>;
			readonly dryRun: boolean;
			/** null: no force; "" : force was asked for without a reason (`deploy!`), the answer asks for one. */
			readonly force: string | null;
			readonly reason: string | null;
	  }
	| { readonly verb: "form" }
	| {
			readonly verb: "rollback";
			readonly project: string;
			readonly environment: string | null;
			readonly to: { readonly run: number } | { readonly ref: string } | null;
			readonly parameters: Readonly<Record<string, string>>;
			readonly dryRun: boolean;
			readonly force: string | null;
			readonly reason: string | null;
	  }
	| {
			readonly verb: "promote";
			readonly project: string;
			/** Where it is live. */
			readonly from: string;
			readonly to: string;
			readonly parameters: Readonly<Record<string, string>>;
			readonly dryRun: boolean;
			readonly force: string | null;
			readonly reason: string | null;
	  }
	| {
			readonly verb: "explain";
			readonly project: string;
			readonly ref: string | null;
			readonly environment: string | null;
			readonly parameters: Readonly<Record<string, string>>;
	  }
	| {
			readonly verb: "approve" | "reject" | "cancel" | "retry" | "nudge";
			readonly run: RunNumber;
			readonly reason: string | null;
	  }
	| {
			readonly verb: "lock";
			readonly project: string;
			readonly environment: string | null;
			/** Milliseconds; null: until it is unlocked. */
			readonly forMs: number | null;
			readonly reason: string | null;
			readonly steal: string | null;
	  }
	| {
			readonly verb: "unlock";
			readonly project: string;
			readonly environment: string | null;
			readonly reason: string | null;
	  }
	| {
			readonly verb: "freeze";
			readonly scope: FreezeScope;
			/** null: until it is lifted, or as it was said before. */
			readonly until: Until | null;
			readonly reason: string;
	  }
	/** Without a scope, what is frozen is told. */
	| { readonly verb: "unfreeze"; readonly scope: FreezeScope | null }
	| { readonly verb: "status"; readonly project: string | null; readonly environment: string | null }
	| { readonly verb: "queue" | "history" | "diff"; readonly project: string; readonly environment: string | null }
	| { readonly verb: "show" | "logs"; readonly run: RunNumber }
	| { readonly verb: "whoami" | "admin" }
	| { readonly verb: "help"; readonly topic: string | null };

/** What the parser has to know to correct a person. */
export interface Known {
	/** Slug -> the environments' slugs and aliases. */
	readonly projects: readonly {
		readonly slug: string;
		readonly name: string;
		readonly environments: readonly { readonly slug: string; readonly aliases: readonly string[] }[];
	}[];
}

export type Parsed =
	| { readonly ok: true; readonly command: Command }
	| {
			readonly ok: false;
			/** Stable: `unknown_verb`, `unknown_project`, `unknown_environment`, `missing_environment`, `unknown_flag`, `left_over`, `bad_duration`, `too_long`, `unclosed_quote`, `reason_needed` … */
			readonly code: string;
			/** What was refused and why, one sentence. */
			readonly message: string;
			/** The form that fits, e.g. `deploy <project>[@<ref>] <environment>`; null when none does. */
			readonly usage: string | null;
			/** Whole corrected commands without the leading `deploy`-word duplication, offered as buttons; best first, 5 at most. */
			readonly suggestions: readonly { readonly label: string; readonly command: string }[];
	  };
