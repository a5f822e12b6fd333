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
		`npm_${"a1B2".repeat(9)}`,
		`sk_live_${"a1B2".repeat(6)}`,
		`sk_test_${"a1B2".repeat(6)}`,
		`sk-proj-${"a1B2_-".repeat(8)}`,
		`AIza${"a1B2-_x".repeat(5)}`,
		`gho_${"a1B2".repeat(9)}`,
		`ghs_${"a1B2".repeat(9)}`,
		`xoxp-${"123-".repeat(5)}abc`,
		`xoxa-${"123-".repeat(5)}abc`,
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
		expect(maskLog(["?header=Bearer%20abcdefgh12"], [])).toEqual(["?header=Bearer%20***"]);
		expect(maskLog(["git clone https://ada:s3cret@git.test/x"], [])).toEqual(["git clone https://***@git.test/x"]);
	});

	test.each([
		["aws_secret_access_key=wJalrXUt/nFEMI+K7", "aws_secret_access_key=***"],
		["export DB_PASSWORD=hunter2 && echo done", "export DB_PASSWORD=*** && echo done"],
		["DB_PASS='two words' ./run", "DB_PASS=***' ./run"],
		['CLIENT_SECRET = "s3c ret"', 'CLIENT_SECRET = ***"'],
		['{"user":"ada","token":"abc123"}', '{"user":"ada","token":***"}'],
		['"{\\"password\\": \\"abc123\\"}"', '"{\\"password\\": ***\\"}"'],
		["PRIVATE-TOKEN: abc123", "PRIVATE-TOKEN: ***"],
		["Authorization: token abc123", "Authorization: token ***"],
		["https://x.test/?a=1&access_token=abc123&b=2", "https://x.test/?a=1&access_token=***&b=2"],
	])("that is assigned: %s", (line, clean) => {
		expect(maskLog(["one", line, "two"], [])).toEqual(["one", clean, "two"]);
	});

	test("of several lines, also when one of them stands alone", () => {
		const [begin, body, end] = ["-----BEGIN PRIVATE KEY-----", "A1b2".repeat(10), "-----END PRIVATE KEY-----"];
		expect(maskLog(["a", begin, body, end, "z"], [])).toEqual(["a", begin, MASK, end, "z"]);
		expect(maskLog(["a", body, "z"], [`${begin}\n${body}\n${end}`])).toEqual(["a", MASK, "z"]);
	});

	test("of a private key whose end or beginning is cut off, and of one in a single line", () => {
		const [begin, end] = ["-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"];
		const body = Array.from({ length: 50 }, (_, n) => `MIIE${n}`.padEnd(64, "a1B2"));
		expect(maskLog(["a", begin, ...body], [])).toEqual(["a", begin, ...body.map(() => MASK)]);
		expect(maskLog(["a.", ...body, end, "z"], [])).toEqual(["a.", ...body.map(() => MASK), end, "z"]);
		expect(maskLog([`KEY='${begin}\\n${body.join("\\n")}\\n${end}' z`], [])).toEqual([`KEY='${begin}${MASK}${end}' z`]);
		expect(maskLog([`export PRIVATE_KEY=${begin}`, body[0] ?? "", end], [])[1]).toBe(MASK);
	});
});

/** As tools write a text, and what one does who wants to see it all the same. */
const WRITTEN: readonly ((text: string) => string)[] = [
	encodeURIComponent,
	(text) => encodeURIComponent(text).replace(/%../g, (byte) => byte.toLowerCase()),
	(text) => encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`),
	(text) => encodeURIComponent(encodeURIComponent(text)),
	(text) => new URLSearchParams({ text }).toString(),
	(text) => JSON.stringify({ text }),
	(text) => JSON.stringify(JSON.stringify({ text })),
	(text) => [...text].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
	(text) => `'${text.replaceAll("'", "'\\''")}'`,
	(text) => text.replace(/[^\w]/g, "\\$&"),
	(text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`),
	(text) =>
		text
			.replaceAll("&", "&amp;")
			.replaceAll("<", "&lt;")
			.replaceAll(">", "&gt;")
			.replaceAll('"', "&quot;")
			.replaceAll("'", "&#x27;"),
	(text) => Buffer.from(text).toString("hex"),
	(text) => Buffer.from(text).toString("hex").toUpperCase(),
];

describe("a known secret is masked", () => {
	test("however it is written, split over posts anywhere", () => {
		fc.assert(
			fc.property(
				printable(8, 60).filter((text) => text.replace(/[\\"'+%&#;]/g, "").length >= 8),
				fc.constantFrom(...WRITTEN),
				fc.array(fc.nat({ max: 400 }), { maxLength: 4 }),
				(secret, write, cuts) => {
					const text = `now ${write(secret)} there`;
					const clean = posted(split(text, cuts), [secret]);
					expect(clean.join("")).toMatch(/^now .*\*\*\*.* there$/);
					// Its first letter may be what the shell, the form or JSON put around it.
					expect(clean.join("").length).toBeLessThan(40 + 3 * cuts.length);
				},
			),
			{ numRuns: 400 },
		);
	});

	test("in base64 and base64url, whatever comes before and after", () => {
		fc.assert(
			fc.property(
				printable(8, 60),
				printable(0, 7),
				printable(0, 7),
				fc.constantFrom<BufferEncoding>("base64", "base64url"),
				(secret, before, after, encoding) => {
					const written = Buffer.from(before + secret + after).toString(encoding);
					const clean = maskLog([`Basic: ${written}.`], [secret]).join("");
					expect(clean).toContain(MASK);
					// Around it stands what the neighbours' bytes make of its edges.
					expect(clean.length).toBeLessThan("Basic: ***.".length + 4 + (4 / 3) * (before.length + after.length) + 4);
				},
			),
			{ numRuns: 400 },
		);
	});
});

describe("a log that comes in parts", () => {
	test("shows nothing of a private key", () => {
		const [begin, end] = ["-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----"];
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 80 }),
				fc.boolean(),
				fc.infiniteStream(fc.boolean()),
				(size, ends, posts) => {
					const body = Array.from({ length: size }, (_, n) => `b3Bl${n}`.padEnd(70, "nNzaC1"));
					const lines = ["Key:", begin, ...body, ...(ends ? [end, "Done."] : [])];
					const parts: string[][] = [[]];
					for (const line of lines) {
						if (posts.next().value === true) parts.push([]);
						parts.at(-1)?.push(line);
					}
					const clean = posted(parts, []);
					expect(clean).toEqual(["Key:", begin, ...body.map(() => MASK), ...(ends ? [end, "Done."] : [])]);
				},
			),
			{ numRuns: 100 },
		);
	});

	test("shows no rest of a token whose beginning was masked in the part before", () => {
		expect(posted([[`token ghp_${"a1B2".repeat(5)}`], ["c3D4e5F6g7H8 there"]], [])).toEqual(["token ***", "*** there"]);
		expect(posted([["token: ***"], ["Deploying now"]], [])).toEqual(["token: ***", "Deploying now"]);
	});
});

function split(text: string, cuts: readonly number[]): string[][] {
	const at = [0, ...cuts.map((cut) => cut % text.length).sort((a, b) => a - b), text.length];
	return at.slice(1).map((to, n) => [text.slice(at[n], to)]);
}

/** As one post after the other, each read with what is kept of the ones before. */
function posted(parts: readonly (readonly string[])[], secrets: readonly string[]): string[] {
	let kept: string[] = [];
	for (const lines of parts) kept = maskLog([...kept, ...lines], secrets, kept.length);
	return kept;
}

test("what is no secret stays letter by letter, colours too", () => {
	fc.assert(
		fc.property(fc.array(fc.string({ unit: fc.constantFrom("a", "b", " ", "\u001b[32m", "é", "\t") })), (lines) => {
			expect(maskLog(lines, ["not in there"])).toEqual(lines);
		}),
	);
	expect(maskLog(["Deploying v1.2.0 to production", "ab"], ["ab"])).toEqual(["Deploying v1.2.0 to production", "ab"]);
});

test.each([
	["markers", "-----BEGIN eyJ Bearer x:".repeat(6)],
	["backslashes", "\\".repeat(190)],
	["percents", "%25".repeat(60)],
	["entities", "&#38;amp;".repeat(20)],
	["passwords", "password=".repeat(20)],
	["keys", "-----BEGIN PRIVATE KEY-----".repeat(7)],
	["ends of keys", `${"a".repeat(160)}-----END PRIVATE KEY-----`],
	["dashes", "sk-".repeat(60)],
	["colons", "://".repeat(60)],
])("a log as large as one may be takes no long time: %s", (_, text) => {
	const lines = Array.from({ length: 10_000 }, (_, n) => `line ${n} ${text}`);
	const began = performance.now();
	maskLog([...lines.slice(0, 5_000), lines.slice(5_000).join(" ")], ["some-secret-value", "\\\\\\\\\\\\secret"]);
	expect(performance.now() - began).toBeLessThan(15_000);
});
