import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { BitbucketCheckup } from "../../../adapters/bitbucket/checkup.ts";
import type { ExaminedProject } from "../../../src/ports/checkup.ts";
import { VendorError } from "../../../src/ports/vendor-error.ts";
import type { FakeRepository } from "../../fakes/bitbucket/state.ts";
import { FakeBitbucket } from "../../fakes/bitbucket.ts";
import { shaOf } from "../../fakes/sha-of.ts";

const WEB: ExaminedProject = { slug: "web", repository: "acme/web", pipeline: "deploy", defaultRef: "release/1" };
const WEBHOOK = { url: "https://draven.test/webhooks/bitbucket/acme", secret: "the webhook's own secret" };
const EVENTS = ["repo:commit_status_created", "repo:commit_status_updated"];

let bitbucket: FakeBitbucket;
let repository: FakeRepository;
beforeEach(async () => {
	bitbucket = await FakeBitbucket.open();
	repository = bitbucket.repository("acme/web");
	repository.branch("release/1", shaOf("one"));
	repository.file = await readFile("manifests/pipelines/bitbucket/bitbucket-pipelines.yml", "utf8");
});
afterEach(() => bitbucket.close());

const checkup = (token = bitbucket.token) => new BitbucketCheckup({ baseUrl: bitbucket.url, token });
const examine = (project: ExaminedProject = WEB, token?: string) => checkup(token).examine([project], WEBHOOK);
/** What is not ok, by the last words of what was looked at. */
async function troubles(project?: ExaminedProject, token?: string): Promise<Record<string, string>> {
	const found = (await examine(project, token)).filter(({ state }) => state !== "ok");
	for (const { mend } of found) expect(mend).toMatch(/\.$/);
	return Object.fromEntries(found.map(({ check, found: what }) => [check.replace(/^.*: /, ""), what]));
}

describe("a check-up", () => {
	test("of everything as it should be finds nothing to mend", async () => {
		await checkup().ensureWebhook(WEB, WEBHOOK);
		const findings = await examine();
		expect(findings.map(({ state }) => state)).toEqual(Array(5).fill("ok"));
		expect(findings.map(({ found }) => found).join("\n")).toContain(
			"an access token and has the scopes repository, pipeline:write",
		);
		expect(JSON.stringify(findings)).not.toContain(bitbucket.token);
	});

	test("knows an API token by its address, and sends it with it", async () => {
		bitbucket.scopes = ["read:repository:bitbucket", "repository", "pipeline", "write:pipeline:bitbucket", "webhook"];
		const [token] = await examine(WEB, bitbucket.apiToken);
		expect(token).toMatchObject({ state: "ok", found: expect.stringContaining("an API token (email:token)") });
	});

	test("says what is wrong with the token", async () => {
		expect(await troubles(WEB, "ada:anAppPassword")).toMatchObject({
			token: expect.stringContaining("no repository could be reached"),
			"repository acme/web": expect.stringContaining("app passwords have ended"),
		});
		bitbucket.scopes = ["repository", "pipeline"];
		expect(await troubles()).toMatchObject({
			token: expect.stringContaining("may start no pipelines (repository, pipeline)"),
			webhook: "the token may not see whether there is one",
		});
		bitbucket.scopes = ["repository"];
		expect(await troubles()).toMatchObject({ Pipelines: expect.stringContaining("Give it the scope pipeline.") });
		expect(await checkup().examine([], WEBHOOK)).toMatchObject([{ state: "warning" }]);
	});

	test("says what is wrong with the repository, Pipelines and the custom pipeline", async () => {
		expect(await troubles({ ...WEB, repository: "acme/gone" })).toMatchObject({
			"repository acme/gone": expect.stringContaining("does not know the repository acme/gone"),
		});
		expect(await troubles({ ...WEB, repository: "acme" })).toMatchObject({
			"repository acme": expect.stringContaining("write workspace/slug"),
		});
		repository.enabled = false;
		expect(await troubles()).toMatchObject({ Pipelines: "Pipelines is not enabled" });
		expect(await troubles({ ...WEB, pipeline: "ship" })).toMatchObject({
			"custom pipeline ship": expect.stringContaining('no custom pipeline "ship" (it has deploy)'),
		});
		expect(await troubles({ ...WEB, defaultRef: "main" })).toMatchObject({
			"custom pipeline deploy": "there is no main to read it at",
		});
		repository.file = null;
		expect(await troubles()).toMatchObject({
			"custom pipeline deploy": "there is no bitbucket-pipelines.yml at release/1",
		});
	});

	test("says what is wrong with the webhook", async () => {
		expect(await troubles()).toEqual({ webhook: `there is none that points at ${WEBHOOK.url}` });
		const hook = { uuid: "{1}", url: WEBHOOK.url, active: true, events: EVENTS, secret: "x" };
		repository.hooks = [{ ...hook, active: false }];
		expect(await troubles()).toEqual({ webhook: expect.stringContaining("it is off") });
		repository.hooks = [{ ...hook, events: ["repo:push"] }];
		expect(await troubles()).toEqual({ webhook: expect.stringContaining("Build status created") });
		repository.hooks = [{ ...hook, secret: null }];
		expect(await troubles()).toEqual({ webhook: expect.stringContaining("it is not signed") });
		repository.hooks = [{ ...hook, url: "https://old.test/webhooks/bitbucket/acme" }];
		expect(await troubles()).toEqual({ webhook: expect.stringContaining("PUBLIC_URL says https://draven.test") });
	});
});

describe("the webhook", () => {
	const ensure = () => checkup().ensureWebhook(WEB, WEBHOOK);

	test("is created once, on, signed, and for build statuses", async () => {
		expect([await ensure(), await ensure()]).toEqual(["created", "present"]);
		expect(repository.hooks).toMatchObject([
			{ url: WEBHOOK.url, active: true, events: EVENTS, secret: WEBHOOK.secret },
		]);
	});

	test("is mended when something is wrong with it, and sends what it sent before as well; others are left alone", async () => {
		const other = { uuid: "{1}", url: "https://ci.test/hook", active: false, events: ["repo:push"], secret: null };
		repository.hooks = [{ ...other }, { ...other, uuid: "{2}", url: WEBHOOK.url }];
		expect([await ensure(), await ensure()]).toEqual(["mended", "present"]);
		expect(repository.hooks).toMatchObject([
			other,
			{ uuid: "{2}", active: true, events: ["repo:push", ...EVENTS], secret: WEBHOOK.secret },
		]);
	});

	test("says which scope is lacking", async () => {
		bitbucket.scopes = ["repository", "pipeline:write"];
		const error = await ensure().catch((thrown: unknown) => thrown);
		expect(error).toBeInstanceOf(VendorError);
		expect(error).toMatchObject({ kind: "unauthorized", message: expect.stringContaining("the scope webhook") });
	});
});
