import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import picomatch from "picomatch";
import { isGlob, matchesAny } from "../../src/core/glob.ts";
import { matchSequence } from "../../src/core/match-sequence.ts";

const letters = (...alphabet: string[]) =>
	fc.array(fc.constantFrom(...alphabet), { minLength: 1, maxLength: 5 }).map((word) => word.join(""));
const path = (part: fc.Arbitrary<string>) =>
	fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));

describe("a glob", () => {
	test("means what picomatch takes it for", () => {
		const glob = path(fc.oneof(letters("a", "b", "-", "*", "?"), fc.constant("**"), fc.constant("*")));
		const value = path(letters("a", "b", "-"));
		fc.assert(
			fc.property(glob, value, (pattern, name) => {
				// What three stars in a row mean is written down nowhere.
				fc.pre(!pattern.includes("***"));
				const theirs = picomatch(pattern, { dot: true, nonegate: true, noextglob: true })(name);
				expect([pattern, name, matchesAny([pattern], name)]).toEqual([pattern, name, theirs]);
			}),
			{ numRuns: 5_000 },
		);
	});

	test.each([
		["v*.*.*", "v1.2.3", true],
		["v*.*.*", "v1.2", false],
		["release/**", "release/1/2", true],
		["release/**", "release", true],
		["release/*", "release/1/2", false],
		["*", "web", true],
		["*", "a/b", false],
		["**", "a/b", true],
		["hot?ix", "hotfix", true],
		["a+b", "a+b", true],
		["{web,api}", "api", true],
		["v[0-9]", "v7", true],
	])("%s and %s: %s", (glob, name, matches) => {
		expect(isGlob(glob)).toBe(true);
		expect(matchesAny([glob], name)).toBe(matches);
	});

	test("with many stars looks at each pair of letters once at most, whatever the name", () => {
		const pattern = [..."hotfix-*-*-*-*-*-*-*-*-*-*x"];
		const name = [..."hotfix-".padEnd(240, "-")];
		let looks = 0;
		const fits = (letter: string, one: string) => {
			looks += 1;
			return letter === one;
		};
		expect(matchSequence(pattern, name, (letter) => letter === "*", fits)).toBe(false);
		expect(looks).toBeLessThan(pattern.length * name.length);
		expect(matchesAny([pattern.join("")], name.join(""))).toBe(false);
	});

	test("of braces or classes has few parts", () => {
		expect(isGlob("{a,aa}{a,aa}*")).toBe(true);
		expect(isGlob("{a,aa}".repeat(20))).toBe(false);
		expect(isGlob("[a-z]*-*-*-*-*-*")).toBe(false);
	});
});
