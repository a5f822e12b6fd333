import { Writable } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import type { Logger } from "pino";
import { makeLog } from "../src/log.ts";

const S3CRET = "s3cr3t-of-the-test";

function logged(
	say: (log: Logger) => void,
	logFormat: "json" | "pretty" = "json",
	secrets: readonly string[] = [],
): string {
	let text = "";
	const stream = new Writable({
		write(chunk, _encoding, done) {
			text += String(chunk);
			done();
		},
	});
	say(makeLog({ logLevel: "trace", logFormat, secrets }, stream));
	return text;
}

const withCause = Object.assign(new Error("call failed", { cause: new Error(`Bearer ${S3CRET}`) }), {
	config: { headers: { Authorization: `Basic ${S3CRET}` }, data: `{"client_secret":"${S3CRET}"}` },
});

const SHAPES: readonly (readonly [what: string, say: (log: Logger) => void])[] = [
	["a bot token in words", (log) => log.info(`xoxb-${S3CRET} is it`)],
	["a rotated Slack token", (log) => log.info(`xoxe.xoxp-1-${S3CRET}`)],
	["an app token", (log) => log.info(`xapp-1-${S3CRET}`)],
	["a token of ours", (log) => log.info({ said: `drv_AAAAAAAAAAAAAAAA${S3CRET}` })],
	["tokens of GitHub", (log) => log.info(`ghp_AAAAAA${S3CRET} ghs_AAAAAA${S3CRET} github_pat_AAAAAA${S3CRET}`)],
	["tokens of GitLab", (log) => log.info(`glpat-AAAAAA${S3CRET} glptt-AAAAAA${S3CRET} gldt-AAAAAA${S3CRET}`)],
	["tokens of Bitbucket", (log) => log.info(`ATBBAAAAAA${S3CRET} ATCTT3xFfG${S3CRET}=AA`)],
	["a secret of signed webhooks", (log) => log.info(`whsec_${S3CRET}`)],
	["a token that was signed", (log) => log.info(`eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMiJ9.${S3CRET}`)],
	["a password in a URL", (log) => log.error(`connect postgres://u:${S3CRET}@db:5432/x`)],
	["a user in a URL", (log) => log.error(`clone https://x-token-auth:${S3CRET}@bitbucket.org/a/b`)],
	["a hook of Slack", (log) => log.info({ url: `https://hooks.slack.com/commands/T1/${S3CRET}` })],
	[
		"a key in PEM",
		(log) => log.info({ key: `-----BEGIN RSA PRIVATE KEY-----\n${S3CRET}\n-----END RSA PRIVATE KEY-----\n` }),
	],
	["half a key in PEM", (log) => log.info({ key: `-----BEGIN PRIVATE KEY-----\n${S3CRET}` })],
	["headers", (log) => log.info({ headers: { "x-gitlab-token": S3CRET, authorization: S3CRET, Cookie: S3CRET } })],
	["headers in lists", (log) => log.info({ headers: { "set-cookie": [S3CRET, `b=${S3CRET}`] } })],
	[
		"members by name",
		(log) =>
			log.info({ token: S3CRET, webhookSecret: S3CRET, privateKey: S3CRET, password: S3CRET, response_url: S3CRET }),
	],
	["a member with quotes in it", (log) => log.info({ password: `a"${S3CRET}\\"b` })],
	["a body that is JSON itself", (log) => log.info({ body: JSON.stringify({ access_token: S3CRET }) })],
	["a body that is a form", (log) => log.info({ body: `a=1&client_secret=${S3CRET}&token=${S3CRET}&b=2` })],
	["the query of an address", (log) => log.info(`GET /x?private_token=${S3CRET} HTTP/1.1`)],
	["an error with its cause and what it carries", (log) => log.error({ err: withCause }, "failed")],
	["a binding", (log) => log.child({ apiKey: S3CRET }).info("x")],
];

describe.each(["json", "pretty"] as const)("no line of %s shows", (format) => {
	test.each(SHAPES)("%s", (_what, say) => {
		const text = logged(say, format);
		expect(text).toContain("[redacted]");
		expect(text).not.toContain(S3CRET);
	});
	test("a secret of the configuration, wherever it comes from", () => {
		const strange = 'with "quotes" and \\ in it';
		const text = logged((log) => log.info({ a: [`x${strange}y`], strange }, `${S3CRET} and ${strange}`), format, [
			strange,
			S3CRET,
		]);
		expect(text).not.toContain(S3CRET);
		expect(text).not.toContain('with "quotes"');
		expect(text).not.toContain('with \\"quotes');
	});
});

test("what is no secret stays, and each line is JSON", () => {
	const text = logged((log) => {
		log.info({ run: 12, tokenId: "t-1", secretRefs: 2, ok: true, password: 'a"b' }, "the token was created");
		log.debug("second");
	});
	const [first, second] = text
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line));
	expect(first).toMatchObject({
		run: 12,
		tokenId: "t-1",
		ok: true,
		password: "[redacted]",
		msg: "the token was created",
	});
	expect(second).toMatchObject({ msg: "second", level: 20 });
});

test("a long line is cleaned in no time", () => {
	const body = '{"token":"'.repeat(20_000);
	const begin = performance.now();
	logged((log) =>
		log.info({ body, form: "token".repeat(20_000), dots: "a.".repeat(50_000), quotes: '\\"'.repeat(50_000) }),
	);
	expect(performance.now() - begin).toBeLessThan(3_000);
});
