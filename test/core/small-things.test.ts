import { describe, expect, test } from "@jest/globals";
import { checkBaseUrl, isLoopbackHost } from "../../src/core/base-url.ts";
import { formatDuration, parseDuration } from "../../src/core/duration.ts";
import { isRefName, isReservedProjectName, SLUG } from "../../src/core/names.ts";
import { forTerminal, oneLine } from "../../src/core/one-line.ts";
import { nearest } from "../../src/core/suggest.ts";
import { VERB_NAMES } from "../../src/core/verbs.ts";

test.each([
	["90s", 90_000, "1m 30s"],
	["15m", 900_000, "15m"],
	["4h", 14_400_000, "4h"],
	["7d", 604_800_000, "7d"],
	["366d", 31_622_400_000, "366d"],
])("the duration %s", (text, ms, shown) => {
	expect(parseDuration(text)).toBe(ms);
	expect(formatDuration(ms)).toBe(shown);
});

test.each(["", "0s", "h", "1.5h", "-1h", "1 h", "1H", "1w", "1h30m", "367d", "9999999999s", "１h", "1h\n"])(
	"%j is no duration",
	(text) => {
		expect(parseDuration(text)).toBeNull();
	},
);

test("a time is shown in its two largest units", () => {
	expect([0, 499, 61_000, 3_661_000, 90_061_000, -5].map(formatDuration)).toEqual([
		"0s",
		"0s",
		"1m 1s",
		"1h 1m",
		"1d 1h",
		"0s",
	]);
});

describe("a base URL", () => {
	test.each([
		["https://api.github.com", "https://api.github.com"],
		["https://ghe.acme.test/api/v3/", "https://ghe.acme.test/api/v3"],
		["http://127.0.0.1:3000", "http://127.0.0.1:3000"],
		["http://localhost:9", "http://localhost:9"],
		["http://[::1]:9/", "http://[::1]:9"],
		["http://0x7f.1/", "http://127.0.0.1"],
	])("%s is taken", (text, url) => {
		expect(checkBaseUrl(text)).toEqual({ ok: true, url });
	});
	test.each([
		"",
		"api.github.com",
		"http://api.github.com",
		"http://127.0.0.1.evil.test",
		"http://localhost.evil.test",
		"ftp://127.0.0.1",
		"javascript:alert(1)",
		"file:///etc/passwd",
		"https://user@acme.test",
		"https://user:secret@acme.test",
		"https://acme.test/?a=1",
		"https://acme.test/#x",
		"https://acme.test?",
		"https://169.254.169.254",
		"https://2852039166",
		"https://[::ffff:169.254.169.254]",
		"https://[fe80::1]",
		"https://[fd00:ec2::254]",
		"https://metadata.google.internal.",
		"https://100.100.100.200",
	])("%s is refused, and not repeated", (text) => {
		const checked = checkBaseUrl(text);
		if (checked.ok) throw new Error(`it was taken: ${checked.url}`);
		expect(checked.problem).toMatch(/^(has to be|must not) /);
		if (text !== "") expect(checked.problem).not.toContain(text);
	});
	test("loopback is this machine alone", () => {
		for (const host of ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "::ffff:127.0.0.1"])
			expect([host, isLoopbackHost(host)]).toEqual([host, true]);
		for (const host of ["0.0.0.0", "::", "10.0.0.1", "localhost.test", "127.0.0.1.test", ""])
			expect([host, isLoopbackHost(host)]).toEqual([host, false]);
	});
});

describe("names", () => {
	test("a project is not called like a word of the commands", () => {
		for (const word of [...VERB_NAMES, "where", "wcid", "log", "to", "on", "in"])
			expect([word, isReservedProjectName(word)]).toEqual([word, true]);
		for (const word of ["web", "deployer", "constructor"])
			expect([word, isReservedProjectName(word)]).toEqual([word, false]);
	});
	test("slugs", () => {
		for (const slug of ["web", "7", "web.shop_2-x", "a".repeat(63)]) expect(slug).toMatch(SLUG);
		for (const slug of ["", "Web", "-web", ".web", "web shop", "web/x", "web\n", "wéb", "a".repeat(64)])
			expect(slug).not.toMatch(SLUG);
	});
	test.each(["main", "v1.4.2", "feature/Login", "a".repeat(40), "fix(x)", "ünïcode", "a@b", "1"])(
		"%s is the name of a ref",
		(name) => {
			expect(isRefName(name)).toBe(true);
		},
	);
	test.each([
		"",
		"-x",
		"--upload-pack=x",
		"a..b",
		"a b",
		"a~1",
		"a^",
		"a:b",
		"a?",
		"a*",
		"a[b",
		"a\\b",
		"a//b",
		"/a",
		"a/",
		"a.",
		".a",
		"a/.b",
		"a.lock",
		"a.lock/b",
		"@",
		"a@{1}",
		"a\u0000",
		"a\u202eb",
		"a".repeat(256),
	])("%j is none", (name) => {
		expect(isRefName(name)).toBe(false);
	});
});

test("what is near comes first, what is far does not come", () => {
	expect(nearest("stgae", ["production", "stage", "staging", "demo"])).toEqual(["stage"]);
	expect(nearest("PROD", ["production", "stage"])).toEqual(["production"]);
	expect(nearest("x".repeat(100_000), ["web"])).toEqual([]);
	expect(nearest("web", [])).toEqual([]);
});

describe("texts that come from outside", () => {
	test.each([
		["one\r\ntwo\u0007 \u001b[2Jthree\u2028", "one two   [2Jthree"],
		["  שלום 🎉  ", "שלום 🎉"],
	])("%j is one line of letters", (text, line) => {
		expect(oneLine(text)).toBe(line);
	});

	test("lines for a terminal keep their breaks and tabs, and lose what would command it", () => {
		expect(forTerminal("a\tb\n\u001b[31mred\u001b[0m\u001b]0;title\u0007\u0008\u009b2J\rc")).toBe("a\tb\nredc");
	});
});
