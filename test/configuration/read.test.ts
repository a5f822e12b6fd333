import { describe, expect, test } from "@jest/globals";
import { checkPipeline, checkRepository } from "../../src/configuration/provider-rules.ts";
import { substitute } from "../../src/configuration/substitute.ts";
import { EXAMPLE, problemsOf, read } from "./configured.ts";

describe(`\${NAME}`, () => {
	const variables: Readonly<Record<string, string>> = { A: "one", B: `\${A}`, EMPTY: "" };
	const filled = (value: unknown) => substitute(value, (name) => variables[name]);

	test("is filled in anywhere in a text, once, and never in a key", () => {
		expect(filled({ [`\${A}`]: [`x-\${A}-\${A}`, `\${B}`, "$A {A} $", 7, null] })).toMatchObject({
			value: { [`\${A}`]: ["x-one-one", `\${A}`, "$A {A} $", 7, null] },
			problems: [],
		});
	});
	test("is kept for the export where it is all of a text", () => {
		expect([...filled({ list: [{ token: `\${A}` }, { token: `x\${A}` }] }).refs]).toEqual([["list.0.token", `\${A}`]]);
	});
	test.each([`\${NOWHERE}`, `\${EMPTY}`, `\${}`, `\${A B}`, `\${A:-x}`])(
		"%s stands for nothing: one problem",
		(text) => {
			const { problems } = filled({ token: text });
			expect(problems).toMatchObject([{ path: ["token"] }]);
		},
	);
});

test("what a file leaves out has its defaults", () => {
	const { projects, access, integrations } = read(EXAMPLE.replace("    defaultRef: main\n", ""));
	expect(projects[0]).toMatchObject({
		defaultRef: "main",
		environments: [{ aliases: [], labels: [] }, { aliases: ["prod"] }],
	});
	expect(access[2]).toMatchObject({ role: "admin", projects: ["*"], environments: ["*"] });
	expect(integrations[0]?.secretRefs).toEqual({
		token: `\${GITHUB_TOKEN}`,
		webhookSecret: `\${GITHUB_WEBHOOK_SECRET}`,
	});
});

describe("rules across policies", () => {
	const withRules = (base: string, own: string) =>
		problemsOf(
			EXAMPLE.replace(
				"  - slug: prod-strict\n    extends: production\n    rules: { approvals: { required: 2 } }",
				`  - { slug: base, rules: ${base} }\n  - { slug: prod-strict, extends: base, rules: ${own} }`,
			),
		);
	const allow = '[{ days: [mon], from: "09:00", to: "10:00" }]';

	test("a policy may say a part of a rule that the one upon it completes", () => {
		expect(withRules("{ windows: { timezone: Europe/Rome } }", `{ windows: { allow: ${allow} } }`)).toEqual([]);
	});
	test("one that rules an environment has to say it whole", () => {
		expect(withRules("{}", `{ windows: { allow: ${allow} } }`)).toEqual([
			expect.stringMatching(
				/environments\[1\]\.policy is "prod-strict", which is not whole: rules\.windows\.timezone is missing\.$/,
			),
		]);
	});
	test("each bad rule is told with its path", () => {
		expect(
			withRules('{ refs: { tags: ["v*", "[z-a]"] } }', "{ parameters: { PATH: { type: string } } }").map(
				(text) => text.split(" ")[2],
			),
		).toEqual(["policies[0].rules.refs.tags[1]", "policies[1].rules.parameters.PATH"]);
	});
});

test.each(["!web", "[z-a]", "(a|b)", "web shop", "a\\\\b"])("the scope %s is no glob", (glob) => {
	const problems = problemsOf(
		EXAMPLE.replace('projects: ["*"], environments: ["*"]', `projects: ["${glob}"], environments: ["*"]`),
	);
	expect(problems).toEqual([expect.stringContaining("access[1].projects[0] is no glob")]);
});

test.each(["to", "on", "in", "rollback", "where"])("a project cannot be called %s", (slug) => {
	expect(problemsOf(EXAMPLE.replace("slug: web\n", `slug: "${slug}"\n`))).toEqual([
		expect.stringContaining("a word of the commands"),
	]);
});

describe("what a provider asks of a project", () => {
	test.each([
		["github", "acme/web", true],
		["github", "acme/group/web", false],
		["github", "acme/..", false],
		["bitbucket", "acme/web", true],
		["gitlab", "acme/group/web", true],
		["gitlab", "web", false],
		["runner", "https://git.test/web.git", true],
		["runner", "git@git.test:acme/web.git", true],
		["runner", "/srv/git/web", true],
		["runner", "--upload-pack=touch x", false],
		["runner", "ext::sh -c x", false],
		["runner", "https://user:secret@git.test/web.git", false],
		["runner", "https://ghp_abcdefghijklmnop@github.com/acme/web.git", false],
		["runner", "HTTP://token@127.0.0.1/web.git", false],
		["runner", "https://git.test/web@main.git", true],
		["runner", "ssh://git@git.test/acme/web.git", true],
		["runner", "ssh://git:secret@git.test/acme/web.git", false],
	])("%s: the repository %s", (provider, repository, fits) => {
		expect(checkRepository(provider, repository) === null).toBe(fits);
	});
	test.each([
		["github", "deploy.yml", true],
		["github", "../deploy.yml", false],
		["github", null, false],
		["gitlab", null, true],
		["bitbucket", "deploy", true],
		["bitbucket", null, false],
		["runner", null, true],
		["runner", "deploy/run.sh", true],
		["runner", "../run.sh", false],
		["runner", "/bin/sh", false],
		["runner", "-c", false],
	])("%s: the pipeline %s", (provider, pipeline, fits) => {
		expect(checkPipeline(provider, pipeline) === null).toBe(fits);
	});
});
