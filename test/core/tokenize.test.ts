import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { tokenize, writeToken } from "../../src/core/tokenize.ts";

test("what a correction writes is read back as the same words", () => {
	// No text holds the quotes of every keyboard at once; those that do are written with apostrophes.
	const text = fc.string({ unit: fc.constantFrom(..."ab=-' \t“”„ß") });
	fc.assert(
		fc.property(fc.array(text, { maxLength: 5 }), (texts) => {
			const tokens = texts.map((one) => ({ text: one, quoted: true }));
			expect(tokenize(tokens.map(writeToken).join(" "))).toEqual(tokens);
		}),
	);
});

test("a value keeps its quotes when it is written again", () => {
	for (const value of ["two words", "“so”", "'x", "plain", ""]) {
		const token = { text: `key=${value}`, quoted: false };
		expect(tokenize(writeToken(token))).toEqual([token]);
	}
});
