import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { BitbucketCheckup } from "../../../adapters/bitbucket/checkup.ts";
import { GitHubCheckup } from "../../../adapters/github/checkup.ts";
import { GitLabCheckup } from "../../../adapters/gitlab/checkup.ts";
import type { ExaminedProject } from "../../../src/ports/checkup.ts";
import type { FakeRepository } from "../../fakes/github/state.ts";
import { FakeGitHub } from "../../fakes/github.ts";
import type { FakeProject } from "../../fakes/gitlab/project.ts";
import { FakeGitLab } from "../../fakes/gitlab.ts";
import { errorOf } from "./contract-setting.ts";

const WEB: ExaminedProject = { slug: "web", repository: "acme/web", pipeline: "deploy.yml", defaultRef: "main" };
const HOOK = { url: "https://draven.test/webhooks/x/acme", secret: "the webhook's own secret" };

describe("what GitHub sent", () => {
	let github: FakeGitHub;
	let shop: FakeRepository;
	beforeEach(async () => {
		github = await FakeGitHub.open();
		shop = github.repository("acme/web");
		shop.hooks = [];
	});
	afterEach(() => github.close());
	const byToken = () => new GitHubCheckup({ baseUrl: github.url, auth: { token: github.token } });
	const byApp = () => new GitHubCheckup({ baseUrl: github.url, auth: { app: github.app } });

	async function hooked(): Promise<number> {
		await byToken().ensureWebhook(WEB, HOOK);
		return shop.hooks?.[0]?.id ?? 0;
	}

	test("is told with its answer, and sent again by the webhook that points here alone", async () => {
		const hook = await hooked();
		shop.hooks?.push({ id: 5, active: true, events: ["*"], config: { url: "https://other.test/" } });
		shop.sent(5, "push", null, 500);
		const lost = shop.sent(hook, "workflow_run", "completed", 0);
		shop.sent(hook, "ping", null, 202);
		const { deliveries } = byToken();
		expect(await deliveries.last(WEB, HOOK.url)).toMatchObject([
			{ event: "ping", answer: "202", taken: true },
			{ event: "workflow_run completed", answer: "timed out", taken: false, at: expect.any(Date) },
		]);
		expect(await deliveries.sendAgain(WEB, { hook: String(hook), delivery: String(lost.id) })).toBeNull();
		const [again] = await deliveries.last(WEB, HOOK.url);
		expect(again).toMatchObject({ same: lost.guid, taken: true });
	});

	test("by the App itself is asked of the App", async () => {
		github.appHook.url = HOOK.url;
		const lost = shop.sent(null, "workflow_run", "completed", 502);
		const { deliveries } = byApp();
		const [seen] = await deliveries.last(WEB, HOOK.url);
		expect(seen).toMatchObject({ ref: { hook: "app", delivery: String(lost.id) }, answer: "502", taken: false });
		await deliveries.sendAgain(WEB, seen?.ref ?? { hook: "", delivery: "" });
		expect(github.asked(/^POST \/app\/hook\/deliveries\/\d+\/attempts$/)).toHaveLength(1);
	});

	test("is not told where there is no webhook, nor to those who may not see it: each is a sentence", async () => {
		expect(await errorOf(byToken().deliveries.last(WEB, HOOK.url))).toMatchObject({
			kind: "not_found",
			message: `acme/web has no webhook at GitHub that points at ${HOOK.url}.`,
		});
		const hook = await hooked();
		const lost = shop.sent(hook, "workflow_run", "completed", 500);
		shop.mayWriteHooks = false;
		const { deliveries } = byToken();
		expect(await errorOf(deliveries.sendAgain(WEB, { hook: String(hook), delivery: String(lost.id) }))).toMatchObject({
			kind: "unauthorized",
			message: expect.stringContaining("Webhooks (read and write)"),
		});
		shop.hooks = null;
		expect(await errorOf(deliveries.last(WEB, HOOK.url))).toMatchObject({ kind: "unauthorized" });
	});

	test("of nonsense is a sentence", async () => {
		await hooked();
		github.fault(/deliveries$/, { status: 200, body: { not: "a list" } });
		expect(await errorOf(byToken().deliveries.last(WEB, HOOK.url))).toMatchObject({ kind: "unavailable" });
	});
});

describe("what GitLab sent", () => {
	let gitlab: FakeGitLab;
	let shop: FakeProject;
	let hook: number;
	beforeEach(async () => {
		gitlab = await FakeGitLab.open();
		shop = gitlab.project("acme/web");
		await checkup().ensureWebhook(WEB, HOOK);
		hook = shop.hooks[0]?.id ?? 0;
	});
	afterEach(() => gitlab.close());
	const checkup = () => new GitLabCheckup({ baseUrl: gitlab.url, token: gitlab.token, mode: "variables" });

	test("is told with its answer, and how it is answered when it is sent again", async () => {
		const lost = shop.sent(hook, "pipeline_hooks", "internal error");
		shop.sent(hook, "job_hooks", "202");
		const { deliveries } = checkup();
		expect(await deliveries.last(WEB, HOOK.url)).toMatchObject([
			{ event: "job hooks", answer: "202", taken: true },
			{ event: "pipeline hooks", answer: "internal error", taken: false, at: null },
		]);
		const ref = { hook: String(hook), delivery: String(lost.id) };
		expect(await deliveries.sendAgain(WEB, ref)).toBe("202");
		expect((await deliveries.last(WEB, HOOK.url))[0]).toMatchObject({ same: `key-${lost.id}`, taken: true });
		shop.onResend = () => "401";
		expect(await deliveries.sendAgain(WEB, ref)).toBe("401");
	});

	test("by an old server, without the role, or by a webhook that is off: each is a sentence", async () => {
		const lost = shop.sent(hook, "pipeline_hooks", "500");
		const ref = { hook: String(hook), delivery: String(lost.id) };
		const { deliveries } = checkup();
		shop.tells = "events";
		expect((await errorOf(deliveries.sendAgain(WEB, ref))).message).toContain("this took 17.4");
		shop.tells = "nothing";
		expect((await errorOf(deliveries.last(WEB, HOOK.url))).message).toContain("from GitLab 17.3 on");
		shop.tells = "all";
		Object.assign(shop.hooks[0] ?? {}, { alert_status: "disabled" });
		expect((await errorOf(deliveries.sendAgain(WEB, ref))).message).toContain("Hook is disabled");
		shop.accessLevel = 30;
		expect(await errorOf(deliveries.last(WEB, HOOK.url))).toMatchObject({
			kind: "unauthorized",
			message: expect.stringContaining("the role Maintainer"),
		});
		gitlab.fault(/resend$/, { status: 429, headers: { "retry-after": "40" }, body: {} });
		expect(await errorOf(deliveries.sendAgain(WEB, ref))).toMatchObject({ kind: "rate_limited", retryAfter: 40 });
	});
});

test("Bitbucket tells nobody", () => {
	expect(new BitbucketCheckup({ baseUrl: "https://api.bitbucket.org/2.0", token: "t" }).deliveries).toBeNull();
});
