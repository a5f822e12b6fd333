/** Every word that begins a command, its form, and what it is for; `help` is made from this. */
export const VERBS = {
	deploy: {
		usage: 'deploy <project>[@<ref>] [to] <environment> [key=value …] [--dry-run] [--force "reason"] [--reason "text"]',
		does: "release a version to an environment",
	},
	rollback: {
		usage: 'deploy rollback <project> [to] <environment> [to #<run>|<ref>] [--force "reason"] [--reason "text"]',
		does: "go back to the last version that was good there",
	},
	promote: {
		usage:
			'deploy promote <project> from <environment> to <environment> [key=value …] [--dry-run] [--force "reason"] [--reason "text"]',
		does: "release to one environment the commit that is live in another",
	},
	plan: {
		usage: "deploy plan <project>[@<ref>] <environment> [key=value …]",
		does: "dry-run: show what a deploy would do",
	},
	explain: {
		usage: "deploy explain <project>[@<ref>] <environment> [key=value …]",
		does: "show every rule, whether it holds, and who can help",
	},
	approve: { usage: "deploy approve #<run> [reason]", does: "approve a waiting run" },
	reject: { usage: "deploy reject #<run> [reason]", does: "reject a waiting run" },
	cancel: { usage: "deploy cancel #<run> [reason]", does: "stop a run" },
	retry: { usage: "deploy retry #<run> [reason]", does: "run the same commit again" },
	nudge: { usage: "deploy nudge #<run> [reason]", does: "call on whoever a waiting run waits for" },
	lock: {
		usage: 'deploy lock <project> <environment> [for 2h] [reason] [--steal "reason"]',
		does: "hold an environment for yourself",
	},
	unlock: { usage: "deploy unlock <project> <environment> [reason]", does: "give it free" },
	status: { usage: "deploy status [project] [environment]", does: "who runs what where, locks, queue, approvals" },
	queue: { usage: "deploy queue <project> [environment]", does: "what waits, in order" },
	history: { usage: "deploy history <project> [environment]", does: "the last runs" },
	diff: {
		usage: "deploy diff <project> [environment]",
		does: "what is not live yet: commits, authors, checks",
	},
	show: { usage: "deploy show #<run>", does: "one run with its verdict" },
	logs: { usage: "deploy logs #<run>", does: "the end of a run's log" },
	whoami: { usage: "deploy whoami", does: "who you are here and what you may do" },
	help: { usage: "deploy help [verb]", does: "this list, or one command" },
	freeze: {
		usage: "deploy freeze <scope> [until <time>|for 2h] <reason>",
		does: "stop releases: to web/production, */production, or * for all",
	},
	unfreeze: { usage: "deploy unfreeze <scope>", does: "let releases go again" },
	admin: { usage: "deploy admin", does: "gives you a one-time link, valid 5 minutes, into the web page" },
} as const;

export type VerbName = keyof typeof VERBS;
export const VERB_NAMES = Object.keys(VERBS) as VerbName[];

/** Other words for a verb. */
export const VERB_ALIASES: Readonly<Record<string, VerbName>> = { where: "status", wcid: "status", log: "logs" };

export function isVerbWord(word: string): boolean {
	return Object.hasOwn(VERBS, word) || Object.hasOwn(VERB_ALIASES, word);
}

/** What may stand between a project and an environment. */
export const PREPOSITIONS: ReadonlySet<string> = new Set(["to", "on", "in"]);
