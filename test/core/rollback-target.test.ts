import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { rollbackTarget, type Succeeded } from "../../src/core/rollback-target.ts";

/** `A`: a deploy of A succeeded. `B<C`: a rollback from C to B did. Oldest first, as it happened. */
function history(story: string): Succeeded[] {
	return story
		.split(" ")
		.filter(Boolean)
		.map((word, index): Succeeded => {
			const [to = "", from] = word.split("<");
			return {
				number: index + 1,
				type: from === undefined ? "deploy" : "rollback",
				ref: { name: to, kind: "tag", sha: to.repeat(40) },
				rollback: from === undefined ? null : { toRun: null, fromSha: from.repeat(40) },
			};
		})
		.reverse();
}

test.each([
	["", null],
	["A", null],
	["A A", null],
	["A B", "A"],
	["A B B", "A"],
	["A B C", "B"],
	["A B C B<C", "A"],
	["A B C B<C A<B", null],
	["A B C A<C", "B"],
	["A B A<B C", "A"],
	["A B C B<C C", "B"],
	["A B C B<C D", "B"],
	["A B C B<C C D", "C"],
])("after %j it goes to %s", (story, target) => {
	const runs = history(story);
	expect(rollbackTarget(runs, runs[0]?.ref.sha ?? "")?.ref.name ?? null).toBe(target);
});

test.each([
	["A", "B", "A"],
	["A B", "C", "B"],
	["A B", "B", "A"],
	["A B C B<C", "C", "B"],
	["", "A", null],
])("after %j, and %s that failed, it goes to %s", (story, failed, target) => {
	expect(rollbackTarget(history(story), failed.repeat(40))?.ref.name ?? null).toBe(target);
});

test("rolling back again and again comes to an end, and never to the same commit twice", () => {
	const stories = fc.array(fc.constantFrom("A", "B", "C", "D"), { minLength: 1, maxLength: 12 });
	fc.assert(
		fc.property(stories, (deploys) => {
			let runs = history(deploys.join(" "));
			const visited = new Set<string>([runs[0]?.ref.name ?? ""]);
			const next = () => rollbackTarget(runs, runs[0]?.ref.sha ?? "");
			for (let target = next(); target !== null; target = next()) {
				expect(visited).not.toContain(target.ref.name);
				visited.add(target.ref.name);
				const from = runs[0]?.ref.sha ?? null;
				runs = [
					{ ...target, number: runs.length + 1, type: "rollback", rollback: { toRun: target.number, fromSha: from } },
					...runs,
				];
			}
		}),
	);
});
