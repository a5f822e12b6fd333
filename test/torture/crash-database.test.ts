import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { FULL, type Outcome, openStories, type Stories } from "./story.ts";
import type { Cut } from "./wire.ts";

interface Place {
	readonly at: number;
	readonly when: Cut["when"];
}

let stories: Stories;
beforeEach(async () => {
	stories = await openStories({ by: "webhook" });
});
afterEach(() => stories.close());

/** The statements of an undisturbed story, and where it makes a difference to break: a transaction is undone wherever it breaks. */
async function placesToBreak(dies: Cut["dies"]): Promise<Place[]> {
	// The first one is longer: its people were not known before.
	await stories.tell();
	stories.wire.arm(null);
	await stories.rightEnd(await stories.tell(), "undisturbed");
	let inside = false;
	return stories.wire.statements.flatMap((sql, at) => {
		const before = { at, when: "before" as const };
		const after = { at, when: "after" as const };
		const opens = /^START TRANSACTION/.test(sql);
		const commits = /^COMMIT/.test(sql);
		const alone = !inside && !opens && !/^\s*SELECT/.test(sql);
		inside = opens || (inside && !commits);
		if (FULL || commits) return [before, after];
		// A write of its own: one half of them with one kind of break, one with the other.
		if (alone) return [(at % 2 === 0) === (dies === "process") ? before : after];
		// Of what only reads, and of the inside of transactions, each seventh.
		return at % 7 === 0 ? [before] : [];
	});
}

/** A connection breaks and the process lives on; or the process is dead, and another one takes its place. */
describe.each(["connection", "process"] as const)("a %s that dies", (dies) => {
	test(
		"at any statement from the command to the end: the run ends right, is started once and told once",
		async () => {
			const { wire, tell, rightEnd, trailIsWhole } = stories;
			const outcomes: Outcome[] = [];
			for (const { at, when } of await placesToBreak(dies)) {
				wire.arm({ at, when, dies });
				const run = await tell();
				// Some stories are a statement shorter than others.
				if (!wire.fired) continue;
				outcomes.push(await rightEnd(run, `${dies} ${when} ${at}: ${(wire.statements[at] ?? "").slice(0, 60)}`));
			}
			expect(outcomes.length).toBeGreaterThan(40);
			// The one moment of which nobody can know: the mark is committed, and whether the call went out is not known any more.
			expect(outcomes.filter((one) => one.starts === 0).map((one) => one.where)).toEqual([
				expect.stringMatching(/after \d+: COMMIT/),
			]);
			await trailIsWhole();
		},
		FULL ? 1_800_000 : 240_000,
	);
});
