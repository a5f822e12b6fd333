import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { PAGE_RATES } from "../../src/web/pages/gate.ts";
import { Browser, linkOf } from "./browser.ts";
import { Site } from "./site.ts";

let site: Site;
beforeAll(async () => {
	site = await Site.open({
		pageRates: { ...PAGE_RATES, looks: 12, changes: 4, searches: 3, newcomers: 6, failures: 5, person: 3 },
	});
});
afterAll(() => site.close());

async function signedIn(user: string): Promise<Browser> {
	const one = new Browser(site);
	await one.signIn(user);
	return one;
}

/** Whatever was used up in a test is there again for the next one. */
const rest = () => site.world.sleep(2 * 60_000);

describe("how much a page takes", () => {
	test("of one session a minute's worth of looks, then as they fill up again; others go on", async () => {
		const [ann, bob] = [await signedIn("U_ANN"), await signedIn("U_BOB")];
		for (let n = 0; n < 12; n++) expect((await ann.get("/account")).status).toBe(200);
		const over = await ann.get("/account");
		expect(over).toMatchObject({ status: 429, text: expect.stringContaining("wait 5 seconds, then repeat it.") });
		expect(over.headers.get("retry-after")).toBe("5");
		expect(over.headers.get("content-security-policy")).toContain("default-src 'none'");
		expect((await ann.ask("GET", "/events")).status).toBe(429);
		expect((await bob.get("/account")).status).toBe(200);
		site.world.sleep(5_000);
		expect((await ann.get("/account")).status).toBe(200);
		rest();
	});

	test("fewer searches than looks, and fewer forms; a form that was too much changes nothing", async () => {
		const ann = await signedIn("U_ANN");
		for (const path of ["/audit?q=x", "/reports", "/audit.csv"]) expect((await ann.get(path)).status).toBe(200);
		expect((await ann.get("/audit?q=y")).status).toBe(429);
		expect((await ann.get("/runs")).status).toBe(200);
		const csrf = /name="csrf" value="([^"]+)"/.exec((await ann.get("/account")).text)?.[1] ?? "";
		for (let n = 0; n < 4; n++) expect((await ann.ask("POST", "/runs/1/approve", { form: { csrf } })).status).toBe(404);
		expect((await ann.ask("POST", "/sign-out", { form: { csrf } })).status).toBe(429);
		expect((await ann.get("/account")).status).toBe(200);
		rest();
	});

	test("cookies that are made up are refused by their address; who was seen before goes on", async () => {
		const ann = await signedIn("U_ANN");
		expect((await ann.get("/")).status).toBe(200);
		const statuses: number[] = [];
		for (let n = 0; n < 8; n++) {
			const stranger = new Browser(site);
			stranger.cookies.set("draven", String(n).padStart(43, "A"));
			statuses.push((await stranger.get("/")).status);
		}
		expect(statuses.slice(-2)).toEqual([429, 429]);
		expect((await ann.get("/")).status).toBe(200);
		rest();
	});
});

describe("how often one may try to sign in", () => {
	test("links that are guessed are refused by the address, whatever address a header tells; the page with the ways in is there", async () => {
		const one = new Browser(site);
		const guess = (n: number) =>
			one.ask("POST", `/sign-in/${String(n).padStart(43, "A")}`, {
				form: {},
				headers: { "x-forwarded-for": `203.0.113.${n}` },
			});
		for (let n = 0; n < 5; n++) expect((await guess(n)).status).toBe(410);
		const over = await guess(6);
		expect(over).toMatchObject({ status: 429, text: expect.stringContaining("wait 12 seconds") });
		expect(over.headers.get("retry-after")).toBe("12");
		expect((await one.get("/sign-in")).status).toBe(200);
		// Others have the same address behind a proxy: a good link lets them in, is used up, and opens nothing for those who guess.
		const link = await linkOf(site, "U_BOB");
		const bob = new Browser(site);
		expect((await bob.get(link)).status).toBe(200);
		expect((await bob.ask("POST", link, { form: {} })).status).toBe(303);
		expect((await bob.get("/account")).status).toBe(200);
		expect((await new Browser(site).ask("POST", link, { form: {} })).status).toBe(429);
		expect((await guess(8)).status).toBe(429);
		rest();
		expect((await guess(7)).status).toBe(410);
	});

	test("a link of one person is tried three times, and fills no trail; somebody else's is good", async () => {
		rest();
		const link = await linkOf(site, "U_ANN");
		const one = new Browser(site);
		const statuses: number[] = [];
		for (let n = 0; n < 5; n++) statuses.push((await one.ask("POST", link, { form: {} })).status);
		expect(statuses).toEqual([303, 410, 410, 429, 429]);
		const refused: unknown[] = await site.world.deps.db.query(
			"SELECT FROM audit_entry WHERE action = 'web.link_refused'",
		);
		expect(refused).toHaveLength(2);
		expect((await (await signedIn("U_BOB")).get("/account")).status).toBe(200);
	});
});
