import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Deps } from "../../src/deps.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { FULL, type Outcome, openStories, type Stories } from "./story.ts";

/** What goes wrong with one call of a neighbour, and whether the neighbour had got it by then. */
const FAULTS = [
	"unavailable before",
	"lost after",
	"broken before",
	"broken after",
	"kill before",
	"kill after",
] as const;
type Fault = (typeof FAULTS)[number];

let stories: Stories;
/** Names of the calls so far, in order. */
let calls: string[];
let fault: { readonly at: number; readonly what: Fault } | null;
beforeEach(async () => {
	calls = [];
	fault = null;
	stories = await openStories({ around: aroundNeighbours, by: "poll" });
});
afterEach(() => stories.close());

function aroundNeighbours(deps: Deps): Deps {
	const { chats, groups, pipelineOf } = deps;
	if (chats.slack === undefined || groups.slack === undefined) throw new Error("there is no chat");
	return {
		...deps,
		chats: { slack: unreliable(chats.slack) },
		groups: { slack: unreliable(groups.slack) },
		pipelineOf: (integration) => unreliable(pipelineOf(integration)),
	};
}

function unreliable<T extends object>(neighbour: T): T {
	return new Proxy(neighbour, {
		get(target, name) {
			const member: unknown = Reflect.get(target, name, target);
			if (typeof member !== "function") return member;
			return async (...given: unknown[]) => {
				const here = fault?.at === calls.length ? fault.what : null;
				calls.push(String(name));
				if (here?.endsWith("before")) breakDown(here);
				const answer: unknown = await Reflect.apply(member, target, given);
				if (here?.endsWith("after")) breakDown(here);
				return answer;
			};
		},
	});
}

function breakDown(what: Fault): never {
	if (what.startsWith("kill")) stories.wire.kill();
	if (what === "unavailable before") throw new VendorError("unavailable", "It did not answer.");
	if (what === "lost after") throw new VendorError("unavailable", "The answer was lost.", { mayHaveHappened: true });
	// No vendor error: a bug in an adapter, or the end of the process.
	throw new Error("socket hang up");
}

describe("a call of a neighbour that breaks", () => {
	test(
		"at any call from the command to the end: the run ends right, is started once and told once",
		async () => {
			const { wire, tell, rightEnd, trailIsWhole } = stories;
			wire.arm(null);
			await rightEnd(await tell(), "undisturbed");
			const undisturbed = calls;
			expect(new Set(undisturbed)).toEqual(
				new Set(["profile", "memberOf", "resolveRef", "checks", "post", "update", "trigger", "report", "steps", "log"]),
			);
			const outcomes: Outcome[] = [];
			for (const [at, name] of undisturbed.entries())
				for (const [n, what] of FAULTS.entries()) {
					// What changes something there, with every fault; what only asks, with two each.
					const changes = ["post", "update", "trigger"].includes(name);
					if (!FULL && !changes && (n + at) % 3 !== 0) continue;
					calls = [];
					fault = { at, what };
					const run = await tell();
					fault = null;
					outcomes.push(await rightEnd(run, `${what} call ${at}, ${calls[at] ?? "none"}`));
				}
			// Whether the call went out is not known any more, and it had not.
			expect(outcomes.filter((one) => one.starts === 0).map((one) => one.where.replace(/\d+/, "n"))).toEqual([
				"broken before call n, trigger",
				"kill before call n, trigger",
			]);
			await trailIsWhole();
		},
		FULL ? 1_800_000 : 240_000,
	);
});
