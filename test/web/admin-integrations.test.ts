import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { githubWebhook } from "../../adapters/github/webhook.ts";
import { examineIntegration } from "../../src/cli/examine-integration.ts";
import { openSecrets } from "../../src/configuration/integrations.ts";
import { makeCheckup } from "../../src/make-checkup.ts";
import { auditPage } from "../../src/store/audit-pages.ts";
import { IntegrationTable, ProjectTable } from "../../src/store/entities.ts";
import type { FakeRepository } from "../fakes/github/state.ts";
import { FakeGitHub } from "../fakes/github.ts";
import { shaOf } from "../fakes/sha-of.ts";
import { Browser } from "./browser.ts";
import { Site } from "./site.ts";

let github: FakeGitHub;
let shop: FakeRepository;
let site: Site;
let ada: Browser;
beforeAll(async () => {
	github = await FakeGitHub.open();
	github.scopes = "repo, admin:repo_hook";
	shop = github.repository("acme/shop");
	shop.branch("main", shaOf("main"));
	shop.hooks = [];
	site = await Site.open({
		webhooks: { github: githubWebhook },
		deps: (world) => ({ checkupOf: (row) => makeCheckup(world.deps.box, row, () => world.now()) }),
		examineIntegration:
			({ deps }) =>
			(row, options) =>
				examineIntegration({ store: deps, now: deps.now, publicUrl: deps.publicUrl }, row, options),
	});
	ada = new Browser(site);
	await ada.signIn("U_ADA");
});
afterAll(async () => {
	await site.close();
	await github.close();
});

const NEW = "/admin/integrations/-new/github";
const PAGE = "/admin/integrations/acme";
const form = () => ({
	...{ slug: "acme", baseUrl: github.url, by: "token", token: github.token, webhookSecret: "" },
	...{ "app.id": "", "app.installationId": "", "app.privateKey": "" },
});
const plain = (html: string) => html.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");

async function kept(slug: string) {
	const row = await site.world.deps.db.getRepository(IntegrationTable).findOneByOrFail({ slug });
	return { row, secrets: openSecrets(site.world.deps.box, row) };
}

test("an integration is made and changed; a secret is kept when its field is empty, and never shown", async () => {
	expect(await ada.submit(NEW, NEW, form())).toMatchObject({ status: 303, to: PAGE });
	expect((await kept("acme")).secrets).toEqual({ token: github.token });
	const { text } = await ada.get(PAGE);
	expect(text).not.toContain(github.token);
	expect(text).toContain("One is kept, and is never shown.");
	expect(text).toContain("http://127.0.0.1:3000/webhooks/github/acme");
	const { slug: _, token: __, ...rest } = form();
	expect(await ada.submit(PAGE, PAGE, { ...rest, token: "", webhookSecret: "a-hook-secret" })).toMatchObject({
		status: 303,
	});
	expect((await kept("acme")).secrets).toEqual({ token: github.token, webhookSecret: "a-hook-secret" });
	expect((await ada.get(PAGE)).text).not.toContain("a-hook-secret");
});

test("what is wrong stands beside its field, and no secret comes back", async () => {
	const wrong = { ...form(), slug: "Acme!", baseUrl: "http://169.254.169.254", token: "t0p-secret" };
	const answer = await ada.submit(NEW, NEW, wrong);
	expect(answer.status).toBe(422);
	expect(answer.text).toMatch(/f-slug-wrong">Slug is no slug/);
	expect(answer.text).toMatch(/f-baseUrl-wrong">Address of its API /);
	expect(answer.text).toContain('value="http://169.254.169.254"');
	expect(answer.text).not.toContain("t0p-secret");
	const app = { ...form(), slug: "byapp", by: "app", token: "", "app.id": "x", "app.privateKey": "no key" };
	const byApp = await ada.submit(NEW, NEW, app);
	expect(byApp.text).toMatch(/f-app.id-wrong">App ID has to be a number/);
	expect(byApp.text).toMatch(/f-app.privateKey-wrong">Private key of the App is no private key/);
	expect(byApp.text).not.toContain("no key<");
	const variable = await ada.submit(NEW, NEW, { ...form(), slug: "vars", token: `\${DRAVEN_SECRET_KEY}` });
	expect(variable.text).toContain("names a variable: here it has to be the secret itself");
	expect((await ada.get("/admin/integrations/-new/jenkins")).status).toBe(404);
});

test("a secret of webhooks is made, shown once, and kept", async () => {
	const made = await ada.submit(PAGE, `${PAGE}/-secret`);
	expect(made.status).toBe(200);
	const { webhookSecret = "none" } = (await kept("acme")).secrets;
	expect(webhookSecret).toMatch(/^[0-9a-f]{64}$/);
	expect(made.text).toContain(`value="${webhookSecret}"`);
	expect((await ada.get(PAGE)).text).not.toContain(webhookSecret);
});

test("the check-up tells what the provider says, and sets webhooks up", async () => {
	await site.api("POST", "/projects", {
		body: {
			slug: "blog",
			integration: "acme",
			repository: "acme/shop",
			pipeline: "deploy.yml",
			environments: [{ slug: "stage", policy: "stage" }],
		},
	});
	const looked = await ada.submit(PAGE, `${PAGE}/-check`);
	expect(looked.status).toBe(200);
	expect(plain(looked.text)).toMatch(/missing Project blog: webhook/);
	expect(shop.hooks).toEqual([]);
	const csrf = /name="csrf" value="([^"]+)"/.exec(looked.text)?.[1] ?? "";
	// PUBLIC_URL leads to this machine, as GitHub does here.
	const fixed = await ada.ask("POST", `${PAGE}/-check`, { form: { csrf, fix: "yes" } });
	expect(plain(fixed.text)).toMatch(/fine Project blog: fix of the webhook : it was not there and was created/);
	expect(shop.hooks).toHaveLength(1);
	expect(fixed.text).not.toContain(github.token);
});

test("when it was heard of last is shown as it comes in: a ping, and a signature that does not fit", async () => {
	const { secrets } = await kept("acme");
	const part = () => ada.get(`${PAGE}/-delivery`).then(({ text }) => plain(text));
	expect(await part()).toContain("never yet");
	const send = (secret: string) => {
		const body = JSON.stringify({ zen: "Anything added dilutes everything else." });
		const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
		return fetch(`${site.url}/webhooks/github/acme`, {
			method: "POST",
			headers: {
				"content-type": "application/json",
				"x-github-event": "ping",
				"x-github-delivery": "d1",
				"x-hub-signature-256": signature,
			},
			body,
		});
	};
	const shows = async (pattern: RegExp) => {
		for (let tries = 0; tries < 200 && !pattern.test(await part()); tries++);
		expect(await part()).toMatch(pattern);
	};
	expect((await send("another")).status).toBe(401);
	await shows(/never yet The last one was refused, because its signature does not fit the secret/);
	site.world.sleep(60_000);
	expect((await send(secrets.webhookSecret ?? "")).status).toBe(200);
	await shows(/^ heard .* One was refused before/);
	expect((await ada.get("/admin/integrations")).text).toMatch(/<time[^>]*>4 Mar 2026/);
});

test("what was sent is shown with its answer; what was not taken is sent again, and comes in", async () => {
	const { secrets, row } = await kept("acme");
	const hook = shop.hooks?.[0]?.id ?? 0;
	const show = async () => plain((await ada.get(`${PAGE}/-deliveries`)).text);
	const act = async (verb: string, fields: Record<string, string> = {}) => {
		const csrf = /name="csrf" value="([^"]+)"/.exec((await ada.get(PAGE)).text)?.[1] ?? "";
		const { to = "" } = await ada.ask("POST", `${PAGE}${verb}`, { form: { csrf, ...fields } });
		return plain((await ada.get(to ?? "")).text);
	};
	expect(await show()).toContain("Nothing was sent lately.");
	expect(await act("/-redeliver")).toContain("No delivery is there that was not taken");
	const lost = shop.sent(hook, "ping", null, 502);
	shop.sent(hook, "workflow_run", "<b>", 202);
	const came: number[] = [];
	shop.onAttempt = async ({ event, guid }) => {
		const to = { url: `${site.url}/webhooks/github/acme`, secret: secrets.webhookSecret ?? "" };
		const { status } = await github.deliver(to, event, '{"zen":"Keep it logically awesome."}', guid);
		came.push(status);
		return status;
	};
	expect(await show()).toMatch(/workflow_run &lt;b> blog 202 .* ping blog 502/);
	expect(await act("/-redeliver")).toContain(`The delivery ${hook}.${lost.id} (ping) is sent again`);
	for (let tries = 0; tries < 200 && came.length === 0; tries++) await show();
	expect(came).toEqual([200]);
	// Taken by now, so there is nothing to send again but what is asked for by name.
	expect(await act("/-redeliver")).toContain("No delivery is there that was not taken");
	expect(await act("/-redeliver", { delivery: `${hook}.${lost.id}` })).toContain("is sent again");
	expect(await act("/-redeliver", { delivery: "9.9" })).toContain("not among the last ones any more");
	const api = `/integrations/${row.id}`;
	expect((await site.api("GET", `${api}/deliveries`)).body.items).toContainEqual(
		expect.objectContaining({ id: `${hook}.${lost.id}`, event: "ping", answer: "502", taken: true }),
	);
	expect(await site.api("POST", `${api}/redeliver`)).toMatchObject({ status: 404, body: { code: "unknown_delivery" } });
	shop.mayWriteHooks = false;
	expect(await act("/-redeliver", { delivery: `${hook}.${lost.id}` })).toContain("Webhooks (read and write)");
	shop.mayWriteHooks = true;
	const found = await auditPage(site.world.deps.db, {
		...{ after: undefined, runId: undefined, action: "webhook.sent_again", limit: 10 },
	});
	expect(found.map(({ entry }) => entry)).toMatchObject([
		{
			actor: { name: "U_ADA", via: "web" },
			data: { integration: "acme", delivery: `${hook}.${lost.id}`, event: "ping" },
		},
		{ project: "blog" },
	]);
});

test("runs at work are asked after at once, and Bitbucket, which sends nothing again, says so", async () => {
	const run = await site.world.runOf(await site.world.say("U_OPS", "shop@v1.0.0 to stage"));
	await site.world.work();
	site.world.pipeline.set(run.id, "succeeded");
	expect((await site.api("POST", "/integrations/fake/ask")).body).toEqual({ runs: 1 });
	await site.world.work();
	expect((await site.world.run(run.number)).progress.state).toBe("succeeded");
	expect((await site.api("POST", "/integrations/fake/ask")).body).toEqual({ runs: 0 });
	await site.api("POST", "/integrations", { body: { slug: "bucket", provider: "bitbucket", token: "t" } });
	expect(await site.api("GET", "/integrations/bucket/deliveries")).toMatchObject({
		status: 422,
		body: { code: "no_redelivery", detail: expect.stringContaining("Ask it now how the runs stand") },
	});
	const { text } = await ada.get("/admin/integrations/bucket");
	expect(plain(text)).toContain("sends nothing again");
	expect(text).not.toContain("-redeliver");
	await site.api("DELETE", "/integrations/bucket");
});

test("what is in use stays; what is not goes; what draven.yaml manages is shown alone", async () => {
	await ada.submit(PAGE, `${PAGE}/-remove`);
	expect((await ada.get(PAGE)).text).toContain("project blog would be left without one");
	await site.api("DELETE", "/projects/blog");
	expect(
		await ada.submit("/admin/integrations/-new/runner", "/admin/integrations/-new/runner", { slug: "boxes" }),
	).toMatchObject({ to: "/admin/integrations/boxes" });
	expect((await ada.get("/admin/integrations/boxes")).text).toContain("draven runner --url");
	await ada.submit("/admin/integrations/boxes", "/admin/integrations/boxes/-remove");
	expect((await ada.get("/admin/integrations/boxes")).status).toBe(404);
	const { text } = await ada.get("/admin/integrations/fake");
	expect(text).toContain("draven.yaml manages the integration fake");
	expect(text).not.toMatch(/action="\/admin\/integrations\/fake(\/-secret|\/-remove)?"/);
	const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
	for (const path of ["", "/-secret", "/-remove"])
		await ada.ask("POST", `/admin/integrations/fake${path}`, { form: { csrf, token: "x" } });
	expect((await kept("fake")).row.secrets).toBeNull();
});

test("nobody but an admin sees or does any of it", async () => {
	const ops = new Browser(site);
	await ops.signIn("U_OPS");
	const csrf = /name="csrf" value="([^"]+)"/.exec((await ops.get("/account")).text)?.[1] ?? "";
	for (const path of ["/admin/integrations", NEW, PAGE, `${PAGE}/-delivery`, `${PAGE}/-deliveries`])
		expect((await ops.get(path)).status).toBe(403);
	for (const path of [
		NEW,
		...["", "/-check", "/-secret", "/-redeliver", "/-ask", "/-remove"].map((verb) => PAGE + verb),
	])
		expect((await ops.ask("POST", path, { form: { csrf, ...form() } })).status).toBe(403);
	expect((await ada.ask("POST", `${PAGE}/-secret`, { form: {} })).status).toBe(403);
	expect((await kept("acme")).row.slug).toBe("acme");
});

test("a provider that cannot be reached is called that, whatever it was to be asked", async () => {
	const { db } = site.world.deps;
	await db.getRepository(IntegrationTable).update({ slug: "acme" }, { baseUrl: "http://127.0.0.1:1" });
	await db.getRepository(ProjectTable).update({ slug: "shop" }, { integrationId: (await kept("acme")).row.id });
	const unreached = { status: 503, body: { code: "provider_unavailable" } };
	expect(await site.api("GET", "/integrations/acme/deliveries")).toMatchObject(unreached);
	expect(await site.api("POST", "/integrations/acme/redeliver")).toMatchObject(unreached);
});
