import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { MASK, maskLog } from "../../src/core/mask-log.ts";

const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-?]*[ -/]*[@-~]`, "g");

/** What a terminal shows of a log, lines put together: where a secret would be read. */
function read(lines: readonly string[]): string {
	return lines
		.join("\n")
		.replace(COLOURS, "")
		.replace(/[\p{Cc}\p{Cf}]+/gu, "");
}

const noise = fc.constantFrom("\n", "\u001b[31m", "\u001b[0m", "\r\n", "\u200b", "\r", "\u001b[1;38;5;200m", "\0", "");
const printable = (min: number, max: number) =>
	fc.string({
		minLength: min,
		maxLength: max,
		unit: fc.integer({ min: 33, max: 126 }).map((n) => String.fromCharCode(n)),
	});

function broken(text: string, breaks: readonly string[]): string {
	return [...text].map((letter, n) => letter + (breaks[n % Math.max(1, breaks.length)] ?? "")).join("");
}

describe("masking never lets a secret through", () => {
	test("that is known, wherever lines break in it and whatever colours it has", () => {
		fc.assert(
			fc.property(
				printable(6, 60),
				fc.array(noise, { maxLength: 12 }),
				fc.string(),
				fc.string(),
				(secret, breaks, before, after) => {
					const log = `${before}${broken(secret, breaks)}${after}`.split("\n");
					const clean = maskLog(log, [secret]);
					expect(clean).toHaveLength(log.length);
					// What the mask's own letters could spell is no leak.
					if (!MASK.includes(secret[0] ?? "")) expect(read(clean)).not.toContain(secret);
				},
			),
			{ numRuns: 500 },
		);
	});

	test("in a URL, in JSON and in base64", () => {
		const secret = 'p"ss/w+rd ä & more';
		for (const text of [encodeURIComponent(secret), JSON.stringify({ secret }), Buffer.from(secret).toString("base64")])
			expect(maskLog([`x ${text} y`], [secret]).join("")).toMatch(/^x .*\*\*\*.* y$/);
		expect(maskLog([`x ${Buffer.from(secret).toString("base64")} y`], [secret])).toEqual([
			expect.stringMatching(/^x \*\*\*=* y$/),
		]);
	});

	const SHAPES = [
		`ghp_${"a1B2".repeat(9)}`,
		`github_pat_${"a1B2_".repeat(9)}`,
		`glpat-${"a1B2-".repeat(5)}`,
		`xoxb-${"123-".repeat(5)}abc`,
		`drv_${"a1B2".repeat(9)}`,
		`ATBB${"a1B2".repeat(7)}`,
		"AKIAIOSFODNN7EXAMPLE",
		`eyJ${"a1".repeat(10)}.eyJ${"b2".repeat(10)}.${"c3".repeat(10)}`,
		"-----BEGIN RSA PRIVATE KEY-----MIIEow\u0041ABCDEF-----END RSA PRIVATE KEY-----",
	];
	test.each(SHAPES)("that looks like one: %s", (secret) => {
		fc.assert(
			fc.property(fc.array(noise, { maxLength: 8 }), (breaks) => {
				const log = `Using ${broken(secret, breaks)} now`.split("\n");
				const clean = maskLog(log, []);
				expect(clean).toHaveLength(log.length);
				expect(read(clean)).not.toContain(secret);
				expect(read(clean)).not.toContain(secret.slice(4, 14));
			}),
			{ numRuns: 60 },
		);
		expect(maskLog([secret], [])).toEqual([MASK]);
	});

	test("after Bearer, and in the user part of a URL", () => {
		expect(maskLog(["authorization: Bearer abcdefgh12"], [])).toEqual(["authorization: Bearer ***"]);
		expect(maskLog(["git clone https://ada:s3cret@git.test/x"], [])).toEqual(["git clone https://***@git.test/x"]);
	});

	test("of several lines, also when one of them stands alone", () => {
		const key = `-----BEGIN PRIVATE KEY-----\n${"A1b2".repeat(10)}\n-----END PRIVATE KEY-----`;
		expect(maskLog(["a", ...key.split("\n"), "z"], [])).toEqual(["a", MASK, MASK, MASK, "z"]);
		expect(maskLog(["a", "A1b2".repeat(10), "z"], [key])).toEqual(["a", MASK, "z"]);
	});
});

test("what is no secret stays letter by letter, colours too", () => {
	fc.assert(
		fc.property(fc.array(fc.string({ unit: fc.constantFrom("a", "b", " ", "\u001b[32m", "é", "\t") })), (lines) => {
			expect(maskLog(lines, ["not in there"])).toEqual(lines);
		}),
	);
	expect(maskLog(["Deploying v1.2.0 to production", "ab"], ["ab"])).toEqual(["Deploying v1.2.0 to production", "ab"]);
});

test("a log as large as one may be takes no long time", () => {
	const lines = Array.from({ length: 10_000 }, (_, n) => `line ${n} ${"-----BEGIN eyJ Bearer x:".repeat(6)}`);
	const began = performance.now();
	maskLog(lines, ["some-secret-value"]);
	expect(performance.now() - began).toBeLessThan(5_000);
});
