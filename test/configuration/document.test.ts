import { describe, expect, test } from "@jest/globals";
import { EXAMPLE, problemsOf, SECRETS } from "./configured.ts";

/** The example with a piece of it written otherwise. */
function changed(from: string, to: string): string[] {
	if (!EXAMPLE.includes(from)) throw new Error(`the example has no "${from}"`);
	return problemsOf(EXAMPLE.replace(from, to));
}

const lineOf = (text: string) => EXAMPLE.split("\n").findIndex((line) => line.includes(text)) + 1;

test("the example of the documentation has no problem", () => {
	expect(problemsOf(EXAMPLE)).toEqual([]);
});

test("every problem is told at once, each with its line, its path and a sentence", () => {
	const wrong = EXAMPLE.replace("provider: github ", "provider: svn ")
		.replace("extends: production", "extends: nowhere")
		.replace("required: 2", "required: many")
		.replace("slug: web", "slug: deploy")
		.replace("policy: stage,", "policy: stagee,")
		.replace("role: admin", "role: king");
	expect(problemsOf(wrong)).toEqual([
		"line 4: integrations[0].provider is no integration: `provider` has to be github, gitlab, bitbucket or runner.",
		'line 11: policies[0].extends is "nowhere", which is neither a policy nor a baseline (stage, demo, production).',
		expect.stringMatching(/^line 12: policies\[0\]\.rules\.approvals\.required .+\.$/),
		expect.stringMatching(/^line 14: projects\[0\]\.slug is "deploy", a word of the commands/),
		expect.stringMatching(/^line 21: projects\[0\]\.environments\[0\]\.policy is "stagee", which is neither/),
		"line 26: access[2].role has to be one of viewer, operator, approver, admin, emergency.",
	]);
});

test("variables that are not set are named, all of them", () => {
	expect(problemsOf(EXAMPLE, {})).toEqual([
		`line ${lineOf("token:")}: integrations[0].token takes the environment variable GITHUB_TOKEN, which is not set (or is one of DRAVEN's own): set it for this process.`,
		`line ${lineOf("webhookSecret:")}: integrations[0].webhookSecret takes the environment variable GITHUB_WEBHOOK_SECRET, which is not set (or is one of DRAVEN's own): set it for this process.`,
	]);
});

test.each([
	["a policy of no name", "policy: prod-strict,", "policy: [],", "projects[0].environments[1].policy has to be a text"],
	["an integration of no name", "integration: acme-github", "integration: acme", 'projects[0].integration is "acme"'],
	["two projects of one name", "access:", "  - { slug: web }\naccess:", "another project of this file has that name"],
	["an alias that is a slug", "aliases: [prod]", "aliases: [stage]", 'aliases[0] is "stage", which already names'],
	["an alias said twice", "aliases: [prod]", "aliases: [p, p]", 'aliases[1] is "p", which already names'],
	["a channel by its name", "slack: C0STAGE", 'slack: "#stage"', "has to be the channel's ID"],
	["a channel by its bare name", "slack: C0STAGE", "slack: deploys", "has to be the channel's ID"],
	["a channel of Teams by its name", '"19:abc@thread.tacv2"', "General", "has to be the channel's ID"],
	["a group by its handle", "slackGroup: S0DEVS", 'slackGroup: "@devs"', "has to be the group's ID"],
	["a person by their handle", "slackUser: U0ADA", "slackUser: ada", "has to be the person's ID"],
	["an address that is none", "ada@acme.test", "ada", "is no e-mail address"],
	["a key that is not known", "defaultRef: main", "defaultBranch: main", "projects[0].defaultBranch is no key"],
	["no key of a subject", "slackGroup: S0LEADS", "group: S0LEADS", "has to be exactly one of slackGroup"],
	["another version", "version: 1", "version: 2", "version has to be 1"],
	["no version", "version: 1\n", "", "version is missing"],
	["a repository that is none", "acme/web ", "https://github.com/acme/web ", "is no repository of github"],
	["a workflow that is none", "deploy.yml ", "../deploy ", "workflow file"],
	["plain http to the world", "https://api.github.com", "http://api.github.com", "baseUrl"],
	["an unknown rule", "approvals: { required: 2 }", "aprovals: { required: 2 }", "policies[0].rules.aprovals"],
	["a policy that extends itself", "extends: production", "extends: prod-strict", "neither a policy"],
	["a default ref that git does not take", "defaultRef: main", 'defaultRef: "ma in"', "is no name that git takes"],
	["a list instead of a map", "version: 1", "- version: 1", "line 2"],
])("%s is one sentence", (_what, from, to, sentence) => {
	const problems = changed(from, to);
	expect(problems.join("\n")).toContain(sentence);
	for (const problem of problems) expect(problem).toMatch(/^(line \d+: )?\S.+\.$/s);
});

test.each([
	["nothing", ""],
	["a comment", "# nothing yet\n"],
	["a text", "hello"],
	["a list", "[]"],
	["nothing but `null`", "null"],
	["a tab", "version: 1\n\tprojects: []\n"],
	["an open bracket", "version: 1\nprojects: [\n"],
	["a key twice", "version: 1\nversion: 1\n"],
	["two documents", "version: 1\n---\nversion: 1\n"],
	["brackets without end", `version: ${"[".repeat(20_000)}`],
	["a key that is a map", "? {a: 1}\n: 2\n"],
	["an alias of nothing", "version: *one\n"],
	[
		"aliases that multiply",
		`a: &a [1,1,1,1,1,1,1,1,1,1]\n${"bcdefgh".replace(/./g, (key, at: number) => {
			const before = "abcdefgh"[at];
			return `${key}: &${key} [${`*${before},`.repeat(10)}]\n`;
		})}version: 1\n`,
	],
	["too much", `version: 1\n# ${"x".repeat(1_000_001)}`],
	["bytes of something else", "\0\u0001\ufffd"],
])("a file of %s is told in sentences", (_what, source) => {
	const problems = problemsOf(source);
	expect(problems.length).toBeGreaterThan(0);
	for (const problem of problems) expect(problem).toMatch(/^(line \d+: )?\S.+\.$/s);
	expect(problems.join()).not.toMatch(/\bat .*\.[jt]s|RangeError|undefined/);
});

describe("the baseUrl of Bitbucket", () => {
	const at = (baseUrl: string) =>
		problemsOf(
			`version: 1\nintegrations:\n  - { slug: acme, provider: bitbucket, baseUrl: "${baseUrl}", token: "\${GITHUB_TOKEN}" }\n`,
		);

	test.each([
		["a folder with a blank in its path", "/srv/my projects/shop.git", []],
		["an address with a blank in it", "https://git.acme.test/my shop.git", ["projects[0].repository is no git URL"]],
	])("the repository of a runner: %s", (_, repository, problems) => {
		const found = problemsOf(`version: 1
integrations: [{ slug: box, provider: runner }]
projects:
  - { slug: shop, integration: box, repository: "${repository}", environments: [{ slug: stage, policy: stage }] }
`);
		expect(found.map((one) => one.replace(/^line \d+: /, "").slice(0, problems[0]?.length))).toEqual(problems);
	});

	test.each([
		"https://bitbucket.acme.test",
		"https://bitbucket.acme.test/rest/api/1.0",
		"https://api.bitbucket.org.acme.test",
	])("%s is a Data Center, and is refused with what to do instead", (baseUrl) => {
		const problems = at(baseUrl);
		expect(problems).toHaveLength(1);
		expect(problems[0]).toContain(
			"integrations[0].baseUrl is not Bitbucket Cloud's: Bitbucket Data Center has no Pipelines",
		);
		expect(problems[0]).toContain("provider: runner");
	});

	test.each(["https://api.bitbucket.org", "https://API.bitbucket.org/2.0/", "http://127.0.0.1:4000"])(
		"%s is taken",
		(baseUrl) => {
			expect(at(baseUrl)).toEqual([]);
		},
	);
});

describe("no problem shows a secret", () => {
	test.each([
		["as an integration's name", "integration: acme-github", `integration: \${GITHUB_TOKEN}`],
		["as a policy", "policy: stage,", `policy: "\${GITHUB_TOKEN}",`],
		["inside of a name", "integration: acme-github", `integration: "x\${GITHUB_TOKEN}"`],
		["as an alias", "aliases: [prod]", `aliases: ["\${GITHUB_TOKEN}", "\${GITHUB_TOKEN}"]`],
		["as a role", "role: admin", `role: "\${GITHUB_TOKEN}"`],
		["as a rule", "required: 2", `required: "\${GITHUB_TOKEN}"`],
		["as a repository", "acme/web ", `\${GITHUB_TOKEN} `],
	])("%s", (_where, from, to) => {
		const problems = changed(from, to);
		expect(problems.length).toBeGreaterThan(0);
		expect(problems.join("\n")).not.toContain(SECRETS.token);
	});

	test("where the YAML itself is broken beside it", () => {
		const problems = problemsOf('version: 1\nintegrations:\n  - token: "ghp_literal\n    slug: a"b\n');
		expect(problems.join("\n")).not.toContain("ghp_literal");
	});
});

test("a reference between braces of YAML is told with the way out", () => {
	expect(problemsOf(`version: 1\nintegrations: [{ slug: a, token: \${GITHUB_TOKEN} }]\n`).join()).toContain("quotes");
});

describe("an integration with GitLab", () => {
	const at = (entry: string) =>
		problemsOf(
			`version: 1\nintegrations:\n  - { slug: acme, provider: gitlab, token: "\${GITHUB_TOKEN}", ${entry} }\n`,
		);
	const signing = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

	test.each([
		'baseUrl: "https://gitlab.acme.test"',
		'baseUrl: "https://acme.test/gitlab/"',
		'baseUrl: "https://gitlab.acme.test/api/v4"',
		'baseUrl: "http://127.0.0.1:4000"',
		`webhookSecret: ${signing}`,
		"webhookSecret: any word at all",
		"mode: inputs",
		"mode: variables",
	])("may say %s", (entry) => {
		expect(at(entry)).toEqual([]);
	});

	test.each([
		['baseUrl: "http://gitlab.acme.test"', "baseUrl has to be https"],
		['baseUrl: "https://169.254.169.254/"', "baseUrl must not be a link-local"],
		['baseUrl: "https://[fe80::1]/"', "baseUrl must not be a link-local"],
		['baseUrl: "https://metadata.google.internal/"', "baseUrl must not be a link-local"],
		["webhookSecret: whsec_", "webhookSecret is no signing token"],
		["webhookSecret: whsec_dG9vIHNob3J0", "webhookSecret is no signing token"],
		[`webhookSecret: ${signing.slice(0, -2)}`, "webhookSecret is no signing token"],
		["mode: both", "mode"],
	])("may not say %s", (entry, problem) => {
		expect(at(entry)).toEqual([expect.stringContaining(problem)]);
	});
});
