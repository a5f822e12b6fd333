import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Browser, linkOf } from "./browser.ts";
import { Site } from "./site.ts";

let site: Site;
beforeAll(async () => {
	site = await Site.open();
});
afterAll(() => site.close());

test("programs that look at links use none up, and no other site is told of one", async () => {
	const link = await linkOf(site, "U_BOB");
	for (const method of ["HEAD", "GET", "HEAD", "GET"]) {
		const answer = await fetch(`${site.url}${link}`, { method });
		expect(answer.headers.getSetCookie()).toEqual([]);
		await answer.text();
		if (method === "GET") expect(answer.headers.get("referrer-policy")).toBe("same-origin");
	}
	expect((await new Browser(site).ask("POST", link, { form: {} })).status).toBe(303);
});

test("who is signed in as another is asked by name first; the session before ends with the sign-in", async () => {
	const one = new Browser(site);
	await one.signIn("U_ANN");
	const before = new Map(one.cookies);
	const link = await linkOf(site, "U_BOB");
	expect((await one.get(link)).text).toContain("Sign in as U_BOB");
	expect((await one.get("/account")).text).toContain("<h1>U_ANN</h1>");
	expect((await one.ask("POST", link, { form: {} })).status).toBe(303);
	expect((await one.get("/account")).text).toContain("<h1>U_BOB</h1>");
	const old = new Browser(site);
	for (const [name, value] of before) old.cookies.set(name, value);
	expect((await old.get("/account")).to).toMatch(/^\/sign-in/);
});
