import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { examineOpenId } from "../../adapters/openid/examine.ts";
import { openIdProvider } from "../../adapters/openid/provider.ts";
import { isEntra, verifiedEmail } from "../../adapters/openid/verified-email.ts";
import { auditPage } from "../../src/store/audit-pages.ts";
import { PAGE_RATES } from "../../src/web/pages/gate.ts";
import { openIdConnect } from "../../src/web/pages/openid-connect.ts";
import { OpenIdServer } from "../fakes/openid-server.ts";
import { createTestDatabase } from "../support/database.ts";
import { startServer } from "../support/draven.ts";
import { Browser, type Shown } from "./browser.ts";
import { Site } from "./site.ts";

let provider: OpenIdServer;
let site: Site;
const honest = { sub: "1", name: "Ann", email: "Ann@acme.test", email_verified: true };

beforeAll(async () => {
	provider = await OpenIdServer.start();
	site = await Site.open({ openId: ({ deps }) => openIdConnect(deps, openIdProvider({ ...provider, withinMs: 500 })) });
	site.world.people.emails.set("U_ANN", "ann@acme.test");
	await site.world.say("U_ANN", "whoami");
});
afterAll(async () => {
	await site.close();
	await provider.stop();
});
afterEach(() => {
	provider.person = honest;
	provider.aside = null;
	provider.forge = (claims) => claims;
	provider.strangeKey = false;
	provider.refusal = null;
});

/** Goes to the provider; gives the address at which it sends the browser back, on our server. */
async function away(browser: Browser, next = ""): Promise<string> {
	const began = await browser.get(`/sign-in/openid${next}`);
	if (began.to === null) throw new Error(`${began.status} ${began.text}`);
	const answer = await fetch(began.to, { redirect: "manual" });
	const back = new URL(answer.headers.get("location") ?? "");
	return `${back.pathname}${back.search}`;
}

async function comeBack(browser = new Browser(site)): Promise<Shown> {
	return browser.get(await away(browser));
}

/** Nobody was let in, and one sentence says why. */
function expectRefused(browser: Browser, { status, text }: Shown, why: string | RegExp): void {
	expect(text).toMatch(why);
	expect(status).toBeGreaterThanOrEqual(400);
	expect([...browser.cookies.keys()]).toEqual([]);
}

async function audited(): Promise<number> {
	const filter = { after: undefined, runId: undefined, action: "web.signed_in", limit: 100 };
	return (await auditPage(site.world.deps.db, filter)).length;
}

describe("sign-in by OpenID Connect", () => {
	test("a person of a verified address is in, as who they are in chat, at the page that they wanted", async () => {
		const browser = new Browser(site);
		expect((await browser.get("/sign-in?next=%2Fruns%3Fq%3D1")).text).toContain(
			'href="/sign-in/openid?next=%2Fruns%3Fq%3D1"',
		);
		const before = await audited();
		const back = await away(browser, "?next=%2Fruns%3Fproject%3Dshop");
		expect(provider.asked.get("redirect_uri")).toBe("http://127.0.0.1:3000/sign-in/openid/back");
		expect(await browser.get(back)).toMatchObject({ status: 303, to: "/runs?project=shop" });
		expect([...browser.cookies.keys()]).toEqual(["draven"]);
		expect((await browser.get("/account")).text).toContain("U_ANN");
		expect(await audited()).toBe(before + 1);
		await browser.submit("/account", "/sign-out");
		expect((await browser.get("/")).to).toBe("/sign-in");
	});

	test("a session that was there before ends, and the way leads to no other host", async () => {
		const browser = new Browser(site);
		await browser.signIn("U_BOB");
		const old = browser.cookies.get("draven") ?? "";
		expect(await browser.get(await away(browser, "?next=https://evil.test/"))).toMatchObject({ status: 303, to: "/" });
		const thief = new Browser(site);
		thief.cookies.set("draven", old);
		expect((await thief.get("/")).to).toBe("/sign-in");
	});

	test("the address may be told apart from the proof", async () => {
		provider.person = { sub: "1" };
		provider.aside = { email: "ann@acme.test", email_verified: true };
		expect(await comeBack()).toMatchObject({ status: 303, to: "/" });
		provider.aside = { email: "ann@acme.test", email_verified: true, sub: "2" };
		const browser = new Browser(site);
		expectRefused(browser, await comeBack(browser), "cannot be believed");
	});

	test("what was begun is kept by the browser alone, sealed, and for ten minutes", async () => {
		const began = await new Browser(site).get("/sign-in/openid");
		const [cookie = ""] = began.headers.getSetCookie();
		expect(cookie).toMatch(/^draven-openid=v1:[^;]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
		const late = new Browser(site);
		const back = await away(late);
		site.world.sleep(10 * 60_000 + 1);
		const redeemed = provider.redeemed;
		expectRefused(late, await late.get(back), "was not begun here");
		const other = new Browser(site);
		expectRefused(other, await other.get(await away(new Browser(site))), "was not begun here");
		expect(provider.redeemed).toBe(redeemed);
	});

	test("an answer to what another browser asked is not taken", async () => {
		const [mine, theirs] = [new Browser(site), new Browser(site)];
		await away(mine);
		const redeemed = provider.redeemed;
		expectRefused(mine, await mine.get(await away(theirs)), "cannot be believed");
		expect(provider.redeemed).toBe(redeemed);
	});

	test("a stolen code opens nothing: only who began can redeem it", async () => {
		const [thief, victim] = [new Browser(site), new Browser(site)];
		const own = new URL(await away(thief), "http://here");
		const stolen = new URL(await away(victim), "http://here").searchParams.get("code") ?? "";
		own.searchParams.set("code", stolen);
		expectRefused(thief, await thief.get(`${own.pathname}${own.search}`), "invalid_grant");
		expect(provider.asked.get("code_challenge_method")).toBe("S256");
	});

	test("an answer is good once", async () => {
		const browser = new Browser(site);
		const back = await away(browser);
		const kept = browser.cookies.get("draven-openid") ?? "";
		await browser.get(back);
		const again = new Browser(site);
		expectRefused(again, await again.get(back), "was not begun here");
		again.cookies.set("draven-openid", kept);
		expectRefused(again, await again.get(back), "invalid_grant");
	});

	const FORGED: readonly (readonly [what: string, claims: Record<string, unknown>])[] = [
		["of another nonce", { nonce: "x" }],
		["without a nonce", { nonce: undefined }],
		["for somebody else", { aud: "another" }],
		["of another issuer", { iss: "https://evil.test" }],
		["that is over", { exp: 1_600_000_000 }],
	];
	test.each(FORGED)("a proof %s is not believed", async (_, claims) => {
		provider.forge = (real) => ({ ...real, ...claims });
		const browser = new Browser(site);
		expectRefused(browser, await comeBack(browser), "cannot be believed");
	});

	test("a proof that somebody else signed is not believed", async () => {
		provider.strangeKey = true;
		const browser = new Browser(site);
		expectRefused(browser, await comeBack(browser), "cannot be believed");
	});

	test("an address that is not verified, or not told, names nobody", async () => {
		for (const person of [
			{ ...honest, email_verified: false },
			{ sub: "1", email: "ann@acme.test" },
		]) {
			provider.person = person;
			const browser = new Browser(site);
			expectRefused(browser, await comeBack(browser), "does not say that your e-mail address is verified");
		}
		provider.person = { sub: "1" };
		const browser = new Browser(site);
		expectRefused(browser, await comeBack(browser), "did not tell your e-mail address");
	});

	test("who is not known here stays out, and so does a guest", async () => {
		provider.person = { ...honest, email: "mallory@else.test" };
		const stranger = new Browser(site);
		expectRefused(stranger, await comeBack(stranger), "Nobody is known here as mallory@else.test");
		site.world.people.emails.set("U_VISITOR", "visitor@else.test");
		await site.world.say("U_VISITOR", "whoami");
		site.world.people.outsiders.add("U_VISITOR");
		provider.person = { ...honest, email: "visitor@else.test" };
		const guest = new Browser(site);
		expectRefused(guest, await comeBack(guest), "not for guests");
	});

	test("what the provider says instead is one sentence, and nothing of an attacker's", async () => {
		provider.refusal = "access_denied";
		const browser = new Browser(site);
		expectRefused(browser, await comeBack(browser), "did not let you in (access_denied)");
		const other = new Browser(site);
		const back = new URL(await away(other), "http://here");
		back.searchParams.set("error", "<b>x</b>");
		back.searchParams.set("error_description", "call +1 555");
		const shown = await other.get(`${back.pathname}${back.search}`);
		expectRefused(other, shown, "unknown");
		expect(shown.text).not.toMatch(/<b>x|555/);
	});

	test("nobody approves by it what they asked for in chat", async () => {
		const asked = await site.world.say("U_ANN", "deploy shop@v1.0.0 to production");
		expect(asked.outcome).toBe("done");
		const browser = new Browser(site);
		await comeBack(browser);
		const path = "/runs/1";
		const page = await browser.get(path);
		expect(page.status).toBe(200);
		const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? "";
		await browser.ask("POST", `${path}/approve`, { form: { csrf } });
		expect((await browser.get(path)).text).toMatch(/your own|yourself|asked for/);
		expect((await site.api("GET", path)).body).toMatchObject({ state: "waiting_approval", approvals: [] });
	});
});

test("a flood of bad links from an address does not shut out who comes by the provider, nor the other way round", async () => {
	const openId: NonNullable<Parameters<typeof Site.open>[0]>["openId"] = ({ deps }) =>
		openIdConnect(deps, openIdProvider({ ...provider, withinMs: 500 }));
	const narrow = await Site.open({ openId, pageRates: { ...PAGE_RATES, failures: 2 } });
	try {
		narrow.world.people.emails.set("U_ANN", "ann@acme.test");
		await narrow.world.say("U_ANN", "whoami");
		const guess = () => new Browser(narrow).ask("POST", `/sign-in/${"A".repeat(43)}`, { form: {} });
		for (const status of [410, 410, 429, 429]) expect((await guess()).status).toBe(status);
		const ann = new Browser(narrow);
		expect(await ann.get(await away(ann))).toMatchObject({ status: 303, to: "/" });
		narrow.world.sleep(2 * 60_000);
		const strange = () => new Browser(narrow).get("/sign-in/openid/back?code=1&state=1");
		for (const status of [400, 400, 429, 429]) expect((await strange()).status).toBe(status);
		expect((await guess()).status).toBe(410);
	} finally {
		await narrow.close();
	}
});

describe("a provider that is not there", () => {
	test("silent: the page says so in time, the others are not asked to wait, and it works again by itself", async () => {
		let now = 0;
		const slow = await OpenIdServer.start();
		slow.silent = true;
		const here = await Site.open({
			openId: ({ deps }) => openIdConnect(deps, openIdProvider({ ...slow, withinMs: 200, now: () => now })),
		});
		const browser = new Browser(here);
		const page = await browser.get("/sign-in");
		expect(page.text).toContain("did not answer");
		expect(page.text).toContain("deploy admin");
		expect(await browser.get("/sign-in/openid")).toMatchObject({ status: 503 });
		slow.silent = false;
		now = 60_000;
		expect((await browser.get("/sign-in")).text).not.toContain("did not answer");
		expect(await browser.get("/sign-in/openid")).toMatchObject({ status: 303 });
		const back = await (async () => {
			const began = await browser.get("/sign-in/openid");
			const { headers } = await fetch(began.to ?? "", { redirect: "manual" });
			return new URL(headers.get("location") ?? "");
		})();
		slow.silent = true;
		const answer = await browser.get(`${back.pathname}${back.search}`);
		expect(answer).toMatchObject({ status: 503 });
		expect(answer.text).toContain("did not answer");
		await here.close();
		await slow.stop();
	});

	test("dead, or somebody else: doctor says it", async () => {
		const gone = await OpenIdServer.start();
		expect(await examineOpenId(gone, "https://d.test/back")).toMatchObject([{ state: "ok" }]);
		await gone.stop();
		expect(await examineOpenId(gone, "https://d.test/back")).toMatchObject([{ state: "wrong" }]);
		const wrong = { issuer: `${provider.issuer}/other`, clientId: "draven", clientSecret: "x" };
		expect(await examineOpenId(wrong, "https://d.test/back")).toMatchObject([{ state: "wrong" }]);
	});
});

test("a server starts beside a dead provider, says so, and keeps the secret to itself", async () => {
	const gone = await OpenIdServer.start();
	await gone.stop();
	const database = await createTestDatabase();
	const server = await startServer({
		...{ DATABASE_URL: database.url, DRAVEN_SECRET_KEY: randomBytes(32).toString("base64") },
		...{ DRAVEN_DATA_DIR: mkdtempSync(join(tmpdir(), "draven-")), LOG_LEVEL: "debug" },
		...{ OIDC_ISSUER: gone.issuer, OIDC_CLIENT_ID: gone.clientId, OIDC_CLIENT_SECRET: gone.clientSecret },
	});
	const answer = await fetch(`${server.url}/sign-in/openid`);
	expect(answer.status).toBe(503);
	expect(await answer.text()).toContain("cannot be reached");
	expect(await server.stop()).toBe(0);
	expect(server.output()).toContain("sign-in by OpenID Connect failed");
	expect(server.output()).not.toContain(gone.clientSecret);
	await database.drop();
}, 60_000);

describe("an address of Entra", () => {
	const host = "login.microsoftonline.com";
	const mine = { iss: `https://${host}/mine/v2.0`, tid: "mine", email: "ada@acme.test" };

	test("counts for a member of the one directory, or when its domain's owner is verified", () => {
		expect(isEntra(host)).toBe(true);
		expect(verifiedEmail({ ...mine, acct: 0 }, host)).toBe("ada@acme.test");
		for (const xms_edov of [true, 1, "1"]) expect(verifiedEmail({ ...mine, xms_edov }, host)).toBe("ada@acme.test");
	});

	test("names nobody when any directory may have written it", () => {
		for (const claims of [
			mine,
			{ ...mine, acct: 1 },
			{ ...mine, acct: 0, tid: "theirs" },
			{ ...mine, email_verified: true },
			{ ...mine, xms_edov: false },
		])
			expect(() => verifiedEmail(claims, host)).toThrow(/xms_edov/);
	});
});
