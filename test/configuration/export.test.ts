import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { stringify } from "yaml";
import { derivedRef } from "../../src/configuration/secret-refs.ts";
import { Configured, EXAMPLE } from "./configured.ts";

let store: Configured;
beforeAll(async () => {
	store = await Configured.open();
});
afterAll(() => store.close());

test("the example is printed back, its secrets as the variables that they came from", async () => {
	await store.apply(EXAMPLE);
	expect(await store.export()).toBe(`version: 1
integrations:
  - slug: acme-github
    provider: github
    baseUrl: https://api.github.com
    token: \${GITHUB_TOKEN}
    webhookSecret: \${GITHUB_WEBHOOK_SECRET}
policies:
  - slug: prod-strict
    extends: production
    rules:
      approvals:
        required: 2
projects:
  - slug: web
    name: Web shop
    integration: acme-github
    repository: acme/web
    pipeline: deploy.yml
    defaultRef: main
    environments:
      - slug: stage
        policy: stage
        channels:
          slack: C0STAGE
      - slug: production
        aliases:
          - prod
        policy: prod-strict
        channels:
          slack: C0PROD
          teams: 19:abc@thread.tacv2
access:
  - role: operator
    subjects:
      - slackGroup: S0DEVS
      - entraGroup: 0f9c…
    projects:
      - "*"
    environments:
      - stage
      - demo
  - role: approver
    subjects:
      - slackGroup: S0LEADS
    projects:
      - "*"
    environments:
      - "*"
  - role: admin
    subjects:
      - slackUser: U0ADA
      - entraUser: 7b1e…
      - email: ada@acme.test
    projects:
      - "*"
    environments:
      - "*"
`);
});

const slug = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,8}$/);
const text = fc
	.string({ minLength: 1, maxLength: 20, unit: "grapheme" })
	.filter((value) => !/\p{Cc}|\$\{/u.test(value));
const word = fc.stringMatching(/^[\w:@.+-]{1,12}$/);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const secret = fc.string({ maxLength: 30 }).map((value) => `s3cret:${value.replaceAll("$", "")}`);

const integration = fc.oneof(
	fc.record({ provider: fc.constant("github"), token: secret, webhookSecret: maybe(secret) }),
	fc.record({
		provider: fc.constant("github"),
		app: fc.record({
			...{ id: fc.nat().map(String), installationId: fc.nat() },
			privateKey: secret.map((value) => `-----BEGIN PRIVATE KEY-----\n${value}\n-----END PRIVATE KEY-----\n`),
		}),
		baseUrl: fc.constantFrom("https://github.acme.test/api/v3/", "http://127.0.0.1:4000"),
	}),
	fc.record({ provider: fc.constant("gitlab"), token: secret, mode: maybe(fc.constantFrom("variables", "inputs")) }),
	fc.record({ provider: fc.constant("bitbucket"), token: secret, webhookSecret: secret }),
	fc.constant({ provider: "runner" }),
);
const rules = fc.record(
	{
		refs: fc.record({ branches: fc.array(fc.constantFrom("main", "release/**")), shas: fc.boolean() }),
		approvals: fc.record({ required: fc.nat(5), expiresAfter: fc.constantFrom("90s", "4h") }),
		ci: fc.constantFrom({ mode: "off" }, { checks: ["build", "test: é"] }),
		windows: fc.constant({ timezone: "Europe/Rome", allow: [{ days: ["mon"], from: "09:00", to: "17:30" }] }),
		parameters: fc.constant({
			migrate: { type: "boolean", default: false },
			region: { type: "choice", options: ["eu"] },
		}),
	},
	{ requiredKeys: [] },
);
const subject = fc.oneof(
	word.map((id) => ({ slackGroup: `S${id}` })),
	word.map((id) => ({ slackUser: `U${id}` })),
	word.map((id) => ({ entraGroup: id })),
	fc.constantFrom({ email: "Ada@Acme.test" }, { email: "bob@acme.test" }),
);
const globs = fc.array(fc.constantFrom("*", "web-*", "stage", "on"), { minLength: 1, maxLength: 3 });

const repository: Record<string, { repository: string; pipeline?: string }> = {
	github: { repository: "acme/web", pipeline: "deploy.yml" },
	gitlab: { repository: "acme/group/web" },
	bitbucket: { repository: "acme/web", pipeline: "deploy" },
	runner: { repository: "https://git.acme.test/web.git" },
};
const bySlug = { selector: (one: { slug: string }) => one.slug };

const file = fc
	.record({
		integrations: fc.uniqueArray(
			fc.tuple(slug, integration).map(([name, rest]) => ({ slug: name, ...rest })),
			{
				...bySlug,
				minLength: 1,
				maxLength: 3,
			},
		),
		policies: fc.uniqueArray(
			fc.record({ slug: slug.map((name) => `p-${name}`), extends: maybe(fc.constantFrom("stage", "demo")), rules }),
			{
				...bySlug,
				maxLength: 3,
			},
		),
		access: fc.array(
			fc.record({
				role: fc.constantFrom("viewer", "operator", "approver", "admin", "emergency"),
				subjects: fc.array(subject, { minLength: 1, maxLength: 3 }),
				projects: maybe(globs),
				environments: maybe(globs),
			}),
			{ maxLength: 4 },
		),
	})
	.chain(({ integrations, policies, access }) =>
		fc.record({
			version: fc.constant(1),
			integrations: fc.constant(integrations),
			policies: fc.constant(policies),
			projects: fc.uniqueArray(
				fc
					.record({
						slug: slug.map((name) => `x-${name}`),
						name: maybe(text),
						integration: fc.constantFrom(...integrations),
						environments: fc.uniqueArray(
							fc.record({
								slug,
								policy: fc.constantFrom("production", ...policies.map((one) => one.slug)),
								channels: maybe(fc.record({ slack: word.map((id) => `C${id}`) })),
								labels: maybe(fc.array(word, { maxLength: 2 })),
							}),
							{ ...bySlug, minLength: 1, maxLength: 3 },
						),
					})
					.map(({ integration: used, ...rest }) => ({
						...{ ...rest, integration: used.slug },
						...repository[used.provider],
					})),
				{ ...bySlug, maxLength: 3 },
			),
			access: fc.constant(access),
		}),
	);

type Document = typeof file extends fc.Arbitrary<infer T> ? T : never;

/** What the variables of an export stand for: secrets that were written in clear get a name of their own. */
function variablesOf(document: Document): Record<string, string> {
	return Object.fromEntries(
		document.integrations.flatMap((one) => {
			const key = "app" in one ? one.app.privateKey : undefined;
			const secrets = {
				token: "token" in one ? one.token : undefined,
				webhookSecret: "webhookSecret" in one ? one.webhookSecret : undefined,
				"app.privateKey": key,
			};
			return (["token", "webhookSecret", "app.privateKey"] as const).flatMap((path) => {
				const value = secrets[path];
				return value === undefined ? [] : [[derivedRef(one.slug, path).slice(2, -1), value]];
			});
		}),
	);
}

test("from whatever is configured to whatever a file says; again, and its own export: nothing to change", async () => {
	await fc.assert(
		fc.asyncProperty(file, async (document) => {
			const source = stringify(document);
			await store.apply(source, { prune: true });
			expect((await store.apply(source, { prune: true })).changes).toEqual([]);
			const exported = await store.export();
			const variables = variablesOf(document);
			for (const value of Object.values(variables)) expect(exported).not.toContain(value);
			expect((await store.apply(exported, { prune: true, variables })).changes).toEqual([]);
			expect(await store.export()).toBe(exported);
		}),
		{ numRuns: 20 },
	);
}, 120_000);
