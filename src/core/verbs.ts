import { UNTIL_FORMS } from "./freeze-until.ts";

export interface Verb {
	readonly usage: string;
	/** What it is for, in a few words. */
	readonly does: string;
	/** As people type it; none where the form is all there is. */
	readonly examples: readonly string[];
	/** What one would ask next. */
	readonly more?: string;
}

/** Every word that begins a command, its form, and what it is for; `help` is made from this, in this order. */
export const VERBS = {
	deploy: {
		usage: 'deploy <project>[@<ref>] [to] <environment> [key=value …] [--dry-run] [--force "reason"] [--reason "text"]',
		does: "release a version to an environment",
		examples: ["deploy web@v1.4.2 to production", 'deploy web stage --reason "the new till"'],
		more: "Without a version it is the default one of the project. --dry-run is the same as deploy plan. --force sets rules aside, where the policy lets you.",
	},
	rollback: {
		usage: 'deploy rollback <project> [to] <environment> [to #<run>|<ref>] [--force "reason"] [--reason "text"]',
		does: "go back to the last version that was good there",
		examples: ["deploy rollback web production", "deploy rollback web production to #41"],
		more: "Without a run or a version it goes to the last other commit that succeeded there and was not rolled back itself.",
	},
	promote: {
		usage:
			'deploy promote <project> from <environment> to <environment> [key=value …] [--dry-run] [--force "reason"] [--reason "text"]',
		does: "release what is live in one environment to another",
		examples: ["deploy promote web from stage to production"],
		more: "It is that very commit, under a branch or tag that may go there; rules and approvals are those of a deploy.",
	},
	plan: {
		usage: "deploy plan <project>[@<ref>] <environment> [key=value …]",
		does: "start the pipeline as a dry-run, to see what a deploy would do",
		examples: ["deploy plan web@v1.4.2 production"],
	},
	explain: {
		usage: "deploy explain <project>[@<ref>] <environment> [key=value …]",
		does: "show every rule, whether it holds, and who can help; nothing is started",
		examples: ["deploy explain web@v1.4.2 production"],
	},
	approve: {
		usage: "deploy approve #<run> [reason]",
		does: "approve a waiting run",
		examples: ["deploy approve #12", "deploy approve #12 looks good"],
		more: "Nobody approves what they asked for themselves, unless the policy lets them.",
	},
	reject: {
		usage: "deploy reject #<run> [reason]",
		does: "reject a waiting run",
		examples: ["deploy reject #12 not before the campaign"],
	},
	cancel: {
		usage: "deploy cancel #<run> [reason]",
		does: "stop a run",
		examples: ["deploy cancel #12 wrong version"],
		more: "Your own, or as an admin anybody's. A pipeline at work is asked to stop.",
	},
	retry: {
		usage: "deploy retry #<run> [reason]",
		does: "run the same commit again",
		examples: ["deploy retry #12"],
		more: "It is a new run, linked to the old one, and every rule is asked again.",
	},
	nudge: {
		usage: "deploy nudge #<run> [reason]",
		does: "remind whoever a run waits for",
		examples: ["deploy nudge #12 the customers wait"],
		more: "Those who can approve it are called on in its thread; who holds the lock that it waits for gets a message. Once in 10 minutes.",
	},
	lock: {
		usage: 'deploy lock <project> <environment> [for 2h] [reason] [--steal "reason"]',
		does: "keep an environment to yourself; the runs of others wait",
		examples: ["deploy lock web stage for 2h moving data"],
		more: "--steal takes the lock of somebody else, who is told; it takes the role admin.",
	},
	unlock: {
		usage: "deploy unlock <project> <environment> [reason]",
		does: "give a locked environment free",
		examples: ["deploy unlock web stage"],
	},
	freeze: {
		usage: "deploy freeze <scope> [until <time>|for 2h] <reason>",
		does: "stop releases to web/production, */production, or * for all",
		examples: ["deploy freeze */production until monday 09:00 the fair", "deploy freeze web/* for 2h moving data"],
		more: `A time is ${UNTIL_FORMS}. What is at work goes on, and dry-runs may go.`,
	},
	unfreeze: {
		usage: "deploy unfreeze <scope>",
		does: "let releases go again",
		examples: ["deploy unfreeze */production"],
	},
	status: {
		usage: "deploy status [project] [environment]",
		does: "who runs what where, locks, queue, approvals",
		examples: ["deploy status", "deploy status web production"],
		more: "where and wcid say the same.",
	},
	queue: {
		usage: "deploy queue <project> [environment]",
		does: "what waits, in order",
		examples: ["deploy queue web production"],
	},
	history: {
		usage: "deploy history <project> [environment]",
		does: "the last runs",
		examples: ["deploy history web"],
	},
	diff: {
		usage: "deploy diff <project> [environment]",
		does: "what is not live yet, with authors and checks",
		examples: ["deploy diff web production"],
	},
	show: { usage: "deploy show #<run>", does: "one run with its verdict", examples: ["deploy show #12"] },
	logs: { usage: "deploy logs #<run>", does: "the end of a run's log", examples: ["deploy logs #12"] },
	whoami: {
		usage: "deploy whoami",
		does: "who you are here and what you may do",
		examples: [],
	},
	admin: {
		usage: "deploy admin",
		does: "a one-time link, valid 5 minutes, into the web page",
		examples: [],
	},
	help: {
		usage: "deploy help [verb]",
		does: "this list, or one command with examples",
		examples: ["deploy help rollback"],
	},
} as const satisfies Readonly<Record<string, Verb>>;

export type VerbName = keyof typeof VERBS;
export const VERB_NAMES = Object.keys(VERBS) as VerbName[];

/** Other words for a verb. */
export const VERB_ALIASES: Readonly<Record<string, VerbName>> = { where: "status", wcid: "status", log: "logs" };

export function isVerbWord(word: string): boolean {
	return Object.hasOwn(VERBS, word) || Object.hasOwn(VERB_ALIASES, word);
}

/** What may stand between a project and an environment. */
export const PREPOSITIONS: ReadonlySet<string> = new Set(["to", "on", "in"]);
