import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { auditPage } from "../../src/store/audit-pages.ts";
import { ownPath } from "../../src/web/pages/sign-in.tsx";
import { Browser, linkOf } from "./browser.ts";
import { Site } from "./site.ts";

let site: Site;
beforeAll(async () => {
	site = await Site.open();
});
afterAll(() => site.close());

async function browser(user: string): Promise<Browser> {
	const made = new Browser(site);
	await made.signIn(user);
	return made;
}

async function audited(action: string): Promise<number> {
	const filter = { after: undefined, runId: undefined, action, limit: 100 };
	return (await auditPage(site.world.deps.db, filter)).length;
}

describe("the way in", () => {
	test("a link from chat signs its person in, once; looking at it uses nothing up", async () => {
		const link = await linkOf(site, "U_ANN");
		const one = new Browser(site);
		for (let look = 0; look < 2; look++) expect((await one.get(link)).text).toContain("Sign in as U_ANN");
		const before = await audited("web.signed_in");
		expect(await one.ask("POST", link, { form: {} })).toMatchObject({ status: 303, to: "/" });
		expect((await one.get("/account")).text).toContain("U_ANN");
		expect(await audited("web.signed_in")).toBe(before + 1);

		const thief = new Browser(site);
		const again = await thief.ask("POST", link, { form: {} });
		expect(again).toMatchObject({ status: 410 });
		expect(again.text).toContain("This link was used before");
		expect(thief.cookies.size).toBe(0);
		expect(await audited("web.link_refused")).toBe(1);
	});

	test("two who use one link at the same moment: one is in", async () => {
		const link = await linkOf(site, "U_ANN");
		const both = [new Browser(site), new Browser(site)];
		const before = await audited("web.link_refused");
		const answers = await Promise.all(both.map((one) => one.ask("POST", link, { form: {} })));
		expect(answers.map(({ status }) => status).sort()).toEqual([303, 410]);
		expect(await audited("web.link_refused")).toBe(before + 1);
	});

	test("whoever becomes a guest is out at once", async () => {
		const one = await browser("U_LATE");
		expect((await one.get("/runs")).status).toBe(200);
		site.world.people.outsiders.add("U_LATE");
		expect((await one.ask("GET", "/events")).status).toBe(401);
		expect((await one.get("/runs/1/log.txt")).to).toBe("/sign-in");
		expect((await one.get("/audit.json")).status).toBe(403);
		site.world.people.outsiders.delete("U_LATE");
		expect((await one.get("/")).to).toBe("/sign-in");
	});

	test("a link is good for five minutes, and a guest gets none", async () => {
		const link = await linkOf(site, "U_ANN");
		site.world.sleep(5 * 60_000);
		expect((await new Browser(site).ask("POST", link, { form: {} })).text).toContain("This link is over");
		site.world.people.outsiders.add("U_GUEST");
		expect(await site.world.say("U_GUEST", "admin")).toMatchObject({ outcome: "refused", code: "outsider" });
		expect((await new Browser(site).get("/sign-in/nonsense")).text).toContain("This is no link that was given here");
	});

	test("a session that was there before is not taken along, and ends", async () => {
		const one = await browser("U_BOB");
		const fixed = new Map(one.cookies);
		await one.signIn("U_ANN");
		expect(one.cookies.get("draven")).not.toBe(fixed.get("draven"));
		const old = new Browser(site);
		for (const [name, value] of fixed) old.cookies.set(name, value);
		expect(await old.get("/account")).toMatchObject({ status: 303, to: "/sign-in?next=%2Faccount" });
	});

	test("the cookie is for the browser alone; what it names cannot be guessed or made up", async () => {
		const answer = await new Browser(site).ask("POST", await linkOf(site, "U_ANN"), { form: {} });
		expect(answer.headers.get("set-cookie")).toMatch(
			/^draven=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/,
		);
		for (const value of ["x", "A".repeat(43), "../../etc"]) {
			const stranger = new Browser(site);
			stranger.cookies.set("draven", value);
			expect((await stranger.get("/")).to).toBe("/sign-in");
		}
	});

	test("after two hours of silence, and after twelve hours, one has to come again", async () => {
		const idle = await browser("U_ANN");
		site.world.sleep(2 * 3_600_000 + 1_000);
		expect((await idle.get("/")).to).toBe("/sign-in");
		// What a page asks by itself keeps nobody in.
		const tab = await browser("U_ANN");
		for (let half = 0; half < 5; half++) {
			site.world.sleep(1_800_000);
			await tab.ask("GET", "/board", { headers: { "hx-request": "true" } });
		}
		expect((await tab.get("/")).to).toBe("/sign-in");
		const busy = await browser("U_ANN");
		for (let hours = 0; hours < 11; hours++) {
			site.world.sleep(3_600_000);
			expect((await busy.get("/")).status).toBe(200);
		}
		site.world.sleep(3_600_000 + 1_000);
		expect((await busy.get("/")).to).toBe("/sign-in");
	});

	test("signing out ends this session; everywhere, all of them", async () => {
		const [here, there] = [await browser("U_ANN"), await browser("U_ANN")];
		expect(await here.submit("/account", "/sign-out")).toMatchObject({ status: 303, to: "/sign-in" });
		expect((await here.get("/")).to).toBe("/sign-in");
		expect((await there.get("/")).status).toBe(200);
		const [again, other] = [await browser("U_ANN"), await browser("U_BOB")];
		const unused = await linkOf(site, "U_ANN");
		await again.submit("/account", "/sign-out-everywhere");
		expect((await new Browser(site).ask("POST", unused, { form: {} })).status).toBe(410);
		expect((await there.get("/")).to).toBe("/sign-in");
		expect((await again.get("/")).to).toBe("/sign-in");
		expect((await other.get("/")).status).toBe(200);
	});

	test("where one goes afterwards is a place of ours", () => {
		expect(ownPath("/runs/4?q=x")).toBe("/runs/4?q=x");
		for (const strange of [
			"//evil.test",
			"/\\evil.test",
			"https://evil.test",
			"javascript:alert(1)",
			"/\t/evil.test",
			"/.//evil.test",
			"/a/..//evil.test",
			"/%2e//evil.test",
			undefined,
		])
			expect(ownPath(strange)).not.toMatch(/evil|javascript/);
	});
});

describe("what is sent", () => {
	test("nothing runs or loads but what is ours, and nobody frames it", async () => {
		const { headers } = await (await browser("U_ANN")).get("/");
		const policy = headers.get("content-security-policy") ?? "";
		for (const part of [
			"default-src 'none'",
			"script-src 'self'",
			"style-src 'self'",
			"frame-ancestors 'none'",
			"base-uri 'none'",
			"form-action 'self'",
		])
			expect(policy).toContain(part);
		expect(policy).not.toMatch(/unsafe|https?:/);
		expect(headers.get("x-frame-options")).toBe("DENY");
		expect(headers.get("x-content-type-options")).toBe("nosniff");
		expect(headers.get("referrer-policy")).toBe("same-origin");
		expect(headers.get("cache-control")).toBe("no-store");
	});

	test("no form is taken without the token of its session, or from another site", async () => {
		const [ann, bob] = [await browser("U_ANN"), await browser("U_BOB")];
		const csrf = /name="csrf" value="([^"]+)"/.exec((await ann.get("/account")).text)?.[1] ?? "";
		const theirs = /name="csrf" value="([^"]+)"/.exec((await bob.get("/account")).text)?.[1] ?? "";
		for (const form of [{}, { csrf: "" }, { csrf: theirs }] as Record<string, string>[])
			expect((await ann.ask("POST", "/sign-out", { form })).status).toBe(403);
		for (const headers of [
			{ origin: "https://evil.test" },
			{ "sec-fetch-site": "cross-site" },
			{ "sec-fetch-site": "same-site" },
		] as Record<string, string>[])
			expect((await ann.ask("POST", "/sign-out", { form: { csrf }, headers })).status).toBe(403);
		expect((await ann.get("/")).status).toBe(200);
		expect((await ann.ask("POST", "/sign-out", { form: { csrf } })).status).toBe(303);
	});

	test("what people and pipelines write is text, never markup", async () => {
		const evil = `<img src=x onerror=alert(1)>"'&`;
		const run = await site.run("production", { reason: evil });
		await site.api("POST", `/runs/${run.number}/log`, {
			body: { lines: [evil, "\u001b[31mred\u001b[0m \u001b]8;;javascript:x\u0007"] },
		});
		await site.world.say("U_OPS", `lock shop stage ${evil}`);
		const ann = await browser("U_ANN");
		for (const path of ["/", "/runs", `/runs/${run.number}`, `/runs/${run.number}?q=${encodeURIComponent(evil)}`]) {
			const { text } = await ann.get(path);
			expect(text).not.toContain("<img");
			expect(text).not.toContain("javascript:");
		}
		expect((await ann.get(`/runs/${run.number}`)).text).toContain('<span class="ansi-31">red</span>');
		await site.world.say("U_OPS", "unlock shop stage");
	});

	test("a form that is too large, or none at all, is refused in words", async () => {
		const ann = await browser("U_ANN");
		const answer = await ann.ask("POST", "/sign-out", { form: { csrf: "x".repeat(300_000) } });
		expect(answer).toMatchObject({ status: 413 });
		expect(answer.text).toContain("That is no form that can be read");
	});
});

describe("a run on the page", () => {
	test("is approved, rejected, asked for again and cancelled, with the rights that hold in chat", async () => {
		const { number } = await site.run("production");
		const [ann, bob, ops] = [await browser("U_ANN"), await browser("U_BOB"), await browser("U_OPS")];
		const page = `/runs/${number}`;
		expect((await ann.get(page)).text).toContain(`action="${page}/approve"`);
		expect(await ann.submit(page, `${page}/approve`)).toMatchObject({ status: 303, to: page });
		const told = (await ann.get(page)).text;
		expect(told).toContain("Your approval is recorded.");
		expect(told).toContain("1 of 2 given");
		expect((await ann.get(page)).text).not.toContain("Your approval is recorded.");
		// Somebody who is in no group of approvers sees no button, and a form of their own does nothing.
		const two = await browser("U_TWO");
		expect((await two.get(page)).text).not.toContain("/approve");
		const csrf = /name="csrf" value="([^"]+)"/.exec((await two.get(page)).text)?.[1] ?? "";
		await two.ask("POST", `${page}/approve`, { form: { csrf } });
		expect((await two.get(page)).text).toContain("1 of 2 given");
		await bob.submit(page, `${page}/reject`, { reason: "not <today>" });
		expect((await bob.get(page)).text).toContain("not &lt;today>");
		expect((await site.api("GET", page)).body).toMatchObject({ state: "rejected" });

		// Sent twice, as a double click does, it is one request.
		const retry = await ops.get(page);
		const field = (name: string) =>
			new RegExp(`retry".*?name="${name}" value="([^"]+)"`, "s").exec(retry.text)?.[1] ?? "";
		const form = { csrf: field("csrf"), once: field("once") };
		const twice = [await ops.ask("POST", `${page}/retry`, { form }), await ops.ask("POST", `${page}/retry`, { form })];
		expect(new Set(twice.map(({ to }) => to)).size).toBe(1);
		const again = twice[0]?.to ?? "";
		expect(again).not.toBe(page);
		await ops.submit(again, `${again}/cancel`);
		expect((await site.api("GET", again)).body).toMatchObject({ state: "cancelled", retryOf: number });
	});

	test("what is over can be asked for again more than once: each page that is opened has a form of its own", async () => {
		const ops = await browser("U_OPS");
		const first = await site.world.deployed("U_OPS", "deploy shop@v1.0.0 to stage");
		const page = `/runs/${first.number}`;
		const made = new Set<string | null>();
		for (let n = 0; n < 2; n++) {
			const { to } = await ops.submit(page, `${page}/retry`);
			made.add(to);
			await site.world.work();
			const again = await site.world.run(Number(to?.slice("/runs/".length)));
			await site.world.finish(again, "failed");
		}
		expect(made.size).toBe(2);
		expect(made).not.toContain(page);
	});

	test("letters that nothing is written with are refused in words", async () => {
		const ann = await browser("U_ANN");
		for (const path of ["/audit?project=%00", "/runs?project=%00", "/reports?environment=%00", "/runs/1?q=%00"])
			expect(await ann.get(path)).toMatchObject({ status: 400, text: expect.stringContaining("That cannot be read") });
	});

	test("what is not there is said so", async () => {
		const ann = await browser("U_ANN");
		for (const path of ["/runs/999999", "/runs/nonsense", "/projects/nonsense", "/runs/999999/live"])
			expect(await ann.get(path)).toMatchObject({ status: 404 });
	});

	test("whoever watches hears of a change, and nobody else may watch", async () => {
		const ann = await browser("U_ANN");
		expect((await new Browser(site).get("/events")).status).toBe(401);
		const mark = async () => /data-mark="([^"]+)"/.exec((await ann.get("/")).text)?.[1] ?? "";
		const before = await mark();
		await site.world.say("U_OPS", "lock shop stage for 1h");
		// Between the page's making and its first connection nobody listened.
		const one = await watch(ann, { since: before });
		expect(one.type).toBe("text/event-stream");
		const missed = await one.hear("event: changed");
		expect(missed).toContain("retry: 3000");
		const [, id = "", data = ""] = /id: (\S+)\nevent: changed\ndata: (.*)\n\n/.exec(missed) ?? [];
		expect(data).toBe("*");
		one.leave();
		// A page that shows it, and a browser that was cut off after it, hear of the next change only, and where it was.
		expect(id).toBe(await mark());
		const [two, again] = [await watch(ann, { since: id }), await watch(ann, { since: before, last: id })];
		await site.world.say("U_OPS", "unlock shop stage");
		const stage = await site.world.deps.db.query(
			"SELECT environment.id FROM environment JOIN project ON project.id = project_id WHERE project.slug = 'shop' AND environment.slug = 'stage'",
		);
		for (const watcher of [two, again]) {
			const [, next] = /data: (.*)\n\n/.exec(await watcher.hear("event: changed")) ?? [];
			expect(["*", stage[0].id]).toContain(next);
			watcher.leave();
		}
	});

	test("whoever watches has six places, and each is free again when it is left", async () => {
		const ann = await browser("U_ANN");
		const watches = await Promise.all(Array.from({ length: 6 }, () => watch(ann)));
		const one = await watch(ann);
		expect(one.status).toBe(429);
		const others = await watch(await browser("U_BOB"));
		expect(others.status).toBe(200);
		watches[0]?.leave();
		let next = await watch(ann);
		while (next.status === 429) next = await watch(ann);
		expect(next.status).toBe(200);
		for (const { leave } of [...watches, others, next]) leave();
	}, 20_000);

	test.each(["signed out", "made a guest", "idle for too long"])(
		"whoever is %s is told nothing more, and watching keeps no session alive",
		async (how) => {
			const user = "U_TWO";
			const two = await browser(user);
			const { reader } = await watch(two);
			await reader?.read();
			if (how === "signed out") await two.submit("/account", "/sign-out");
			else if (how === "made a guest") site.world.people.outsiders.add(user);
			else site.world.sleep(2 * 3_600_000);
			let ended = false;
			while (!ended) ended = (await reader?.read())?.done ?? true;
			expect((await watch(two)).status).toBe(401);
			site.world.people.outsiders.delete(user);
		},
		20_000,
	);

	test("a log is read by pages, searched as a whole, and followed from where one was", async () => {
		const [ann, stranger] = [await browser("U_ANN"), new Browser(site)];
		const { world } = site;
		const { number } = await world.runOf(await world.say("U_OPS", "deploy shop@v1.0.0 to stage"));
		await world.work();
		const lines = Array.from({ length: 2_500 }, (_, n) => `line ${n}.`);
		for (const from of [0, 1_000, 2_000])
			await site.api("POST", `/runs/${number}/log`, { body: { lines: lines.slice(from, from + 1_000) } });
		const { text: end } = await ann.get(`/runs/${number}`);
		expect([end.includes("line 1499."), end.includes("line 1500."), end.includes("line 2499.")]).toEqual([
			...[false, true, true],
		]);
		expect(end).toContain(`href="/runs/${number}?from=500#log"`);
		const { text: older } = await ann.get(`/runs/${number}?from=500`);
		expect([older.includes("line 499."), older.includes("line 500."), older.includes("line 1499.")]).toEqual([
			...[false, true, true],
		]);
		expect(older).toContain(`href="/runs/${number}?from=0#log"`);
		expect(older).toContain(`href="/runs/${number}?from=1500#log"`);
		const { text: found } = await ann.get(`/runs/${number}?q=line+2`);
		expect(found).toContain("611 lines have it.");
		const { text: before } = await ann.get(`/runs/${number}/log/lines?before=1500`);
		expect(before.match(/<li/g)).toHaveLength(1_000);
		expect((await stranger.get(`/runs/${number}/log/events`)).status).toBe(401);
		const gone = new AbortController();
		const stream = await fetch(`${site.url}/runs/${number}/log/events?from=7`, {
			headers: { cookie: `draven=${ann.cookies.get("draven")}`, "last-event-id": "2497" },
			signal: gone.signal,
		});
		const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
		let heard = "";
		while (!heard.includes("id: 2499")) heard += (await reader?.read())?.value ?? "";
		expect(heard.match(/line \d+\./g)).toEqual(["line 2498.", "line 2499."]);
		gone.abort();
	});
});

async function watch(who: Browser, from: { readonly since?: string; readonly last?: string } = {}) {
	const gone = new AbortController();
	const query = from.since === undefined ? "" : `?since=${encodeURIComponent(from.since)}`;
	const stream = await fetch(`${site.url}/events${query}`, {
		headers: {
			cookie: `draven=${who.cookies.get("draven")}`,
			...(from.last === undefined ? {} : { "last-event-id": from.last }),
		},
		signal: gone.signal,
	});
	const reader = stream.body?.getReader();
	const decoder = new TextDecoder();
	const hear = async (word: string) => {
		let heard = "";
		while (!heard.includes(word)) heard += decoder.decode((await reader?.read())?.value);
		return heard;
	};
	const type = stream.headers.get("content-type");
	return { ...{ status: stream.status, type, reader, hear }, leave: () => gone.abort() };
}
