import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { githubWebhook } from "../../adapters/github/webhook.ts";
import { examineIntegration } from "../../src/cli/examine-integration.ts";
import { openSecrets } from "../../src/configuration/integrations.ts";
import { IntegrationTable } from "../../src/store/entities.ts";
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
	for (const path of ["/admin/integrations", NEW, PAGE, `${PAGE}/-delivery`])
		expect((await ops.get(path)).status).toBe(403);
	for (const path of [NEW, PAGE, `${PAGE}/-check`, `${PAGE}/-secret`, `${PAGE}/-remove`])
		expect((await ops.ask("POST", path, { form: { csrf, ...form() } })).status).toBe(403);
	expect((await ada.ask("POST", `${PAGE}/-secret`, { form: {} })).status).toBe(403);
	expect((await kept("acme")).row.slug).toBe("acme");
});
