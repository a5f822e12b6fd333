import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { PAGES } from "../../src/web/pages/register.ts";
import { Browser } from "./browser.ts";
import { Site } from "./site.ts";

/** The pages and forms that are for everybody who is signed in. One that is made anew is for admins, or is written down here. */
const FOR_ALL = [
	...["GET /", "GET /projects/:project", "GET /board", "GET /runs", "GET /runs/:run", "GET /runs/:run/live"],
	...[
		"GET /runs/:run/log/lines",
		"GET /audit",
		"GET /audit/verification",
		"GET /audit.json",
		"GET /audit.csv",
		"GET /runs/:run/evidence.json",
	],
	...["GET /reports", "GET /reports/runs", "GET /reports.csv", "GET /account", "POST /audit/verify"],
	...["POST /sign-out", "POST /sign-out-everywhere"],
];
/** The forms that everybody may send and that do something for those alone who have the right where the run is. */
const OF_A_RUN = ["approve", "reject", "cancel", "retry", "rollback"].map((what) => `POST /runs/:run/${what}`);

const ELSEWHERE = { projects: ["other"], environments: ["*"] };
const HERE = { projects: ["*"], environments: ["*"] };
/** Nobody of them may do anything with the shop. */
const OTHERS = ["U_SEES", "U_OPERATES", "U_APPROVES", "U_RULES"] as const;

let site: Site;
let params: Readonly<Record<string, string>>;
const browsers = new Map<string, Browser>();

beforeAll(async () => {
	site = await Site.open({
		setting: {
			access: [
				{ role: "admin", subjects: [{ slackUser: "U_ADA" }], ...HERE },
				{ role: "operator", subjects: [{ slackUser: "U_OPS" }], ...HERE },
				{ role: "viewer", subjects: [{ slackUser: "U_SEES" }], ...HERE },
				{ role: "operator", subjects: [{ slackUser: "U_OPERATES" }], ...ELSEWHERE },
				{ role: "approver", subjects: [{ slackUser: "U_APPROVES" }], ...ELSEWHERE },
				{ role: "admin", subjects: [{ slackUser: "U_RULES" }], ...ELSEWHERE },
			],
		},
	});
	await site.world.addProject("other");
	await site.world.deployed("U_OPS", "deploy shop@v1.0.0 to stage");
	await site.world.say("U_OPS", "deploy shop@v1.1.0 to production");
	await site.world.say("U_OPS", "lock shop stage for 1h mine");
	for (const user of ["U_ADA", ...OTHERS]) {
		const one = new Browser(site);
		await one.signIn(user);
		browsers.set(user, one);
	}
	const one = async (path: string) => (await site.api("GET", path)).body.items[0];
	const { id: token, personId: person } = await site.newToken({});
	const { id: binding } = await one("/access");
	params = {
		...{ project: "shop", environment: "stage", policy: "stage", integration: "fake", provider: "github" },
		...{ run: "1", binding, person, token },
	};
});
afterAll(() => site.close());

const named = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
const filled = (path: string) => path.replaceAll(/:(\w+)/g, (_, name: string) => params[name] ?? `no-${name}`);
const of = (user: string): Browser => {
	const one = browsers.get(user);
	if (one === undefined) throw new Error(`${user} is not in`);
	return one;
};
const csrfOf = async (one: Browser) => /name="csrf" value="([^"]+)"/.exec((await one.get("/account")).text)?.[1] ?? "";
/** Fields that would do something, if they were taken. */
const FORM = {
	...{ slug: "mine", name: "Mine", role: "admin", place: "shop/stage", for: "1h", steal: "now", reason: "mine" },
	...{ project: "shop", environment: "stage", scope: "*/*", email: "me@acme.test", integration: "fake" },
};

/** All that a form could have changed. */
async function everything(): Promise<unknown> {
	const tables = [
		...["project", "environment", "policy", "integration", "access_binding", "api_token", "release_freeze"],
		...["identity", "environment_lock", "approval", "run"],
	];
	const found = await Promise.all(
		tables.map((table) =>
			site.world.deps.db.query(
				`SELECT '${table}' AS of, coalesce(string_agg(t::text, ' ' ORDER BY t::text), '') AS rows FROM ${table} AS t`,
			),
		),
	);
	return found.flat();
}

describe("every page and form that is registered", () => {
	test("is for admins, or is known to be for all", () => {
		const open = PAGES.filter(({ admin }) => admin !== true).map(named);
		expect(open.sort()).toEqual([...FOR_ALL, ...OF_A_RUN].sort());
		for (const { path, admin } of PAGES) expect([path, path.startsWith("/admin")]).toEqual([path, admin === true]);
	});

	test("leads those who are not signed in to the way in, and tells and does nothing", async () => {
		const before = await everything();
		for (const { method, path } of PAGES) {
			const at = filled(path);
			const answer = await new Browser(site).ask(method, at, method === "POST" ? { form: FORM } : {});
			expect([named({ method, path }), answer.status, answer.text]).toEqual([named({ method, path }), 303, ""]);
			expect(answer.to).toMatch(/^\/sign-in(\?next=%2F[^/]*)?$/);
		}
		expect(await everything()).toEqual(before);
	});

	test.each(OTHERS)("of admins is closed to %s, whose own form it is too", async (user) => {
		const before = await everything();
		const csrf = await csrfOf(of(user));
		for (const { method, path } of PAGES.filter(({ admin }) => admin)) {
			const answer = await of(user).ask(method, filled(path), method === "POST" ? { form: { ...FORM, csrf } } : {});
			expect([named({ method, path }), answer.status]).toEqual([named({ method, path }), 403]);
			expect(answer.text).toContain("Only admins of everything may look at this.");
		}
		expect(await everything()).toEqual(before);
	});

	test.each(OTHERS)("of a run does nothing for %s, who has no right there", async (user) => {
		const before = await everything();
		const csrf = await csrfOf(of(user));
		for (const run of ["1", "2"])
			for (const form of OF_A_RUN) {
				const path = form.slice("POST ".length).replace(":run", run);
				const answer = await of(user).ask("POST", path, { form: { ...FORM, csrf, once: `${user}-${run}` } });
				expect([path, answer.status, answer.to]).toEqual([path, 303, `/runs/${run}`]);
			}
		expect(await everything()).toEqual(before);
		expect((await of(user).get("/runs/2")).text).not.toMatch(
			/action="\/runs\/2\/(approve|reject|cancel|retry|rollback)"/,
		);
	});

	test.each(["U_ADA", "U_SEES"])("that is read can be read by %s, as far as it is theirs", async (user) => {
		for (const { method, path, admin } of PAGES) {
			// What a provider is asked for: there is none here.
			if (method === "POST" || path.endsWith("/-deliveries")) continue;
			const status = admin && user !== "U_ADA" ? 403 : 200;
			expect([path, (await of(user).get(filled(path))).status]).toEqual([path, status]);
		}
	});

	test("takes no form from another site, nor with another session's token, nor without one", async () => {
		const before = await everything();
		const theirs = await csrfOf(of("U_RULES"));
		const csrf = await csrfOf(of("U_ADA"));
		for (const { path } of PAGES.filter(({ method }) => method === "POST"))
			for (const [form, headers] of [
				[FORM, {}],
				[{ ...FORM, csrf: theirs }, {}],
				[{ ...FORM, csrf }, { origin: "https://evil.test" }],
				[{ ...FORM, csrf }, { "sec-fetch-site": "cross-site" }],
			] as const) {
				const answer = await of("U_ADA").ask("POST", filled(path), { form, headers });
				expect([path, answer.status]).toEqual([path, 403]);
				expect(answer.text).toContain("This form is not from here");
			}
		expect(await everything()).toEqual(before);
	});

	test("takes no body that is larger than a form is", async () => {
		const before = await everything();
		const csrf = await csrfOf(of("U_ADA"));
		for (const { path } of PAGES.filter(({ method }) => method === "POST")) {
			const answer = await of("U_ADA").ask("POST", filled(path), { form: { ...FORM, csrf, x: "x".repeat(270_000) } });
			expect([path, answer.status]).toEqual([path, 413]);
		}
		expect(await everything()).toEqual(before);
	});
});

test("the way in leads to no other host, whatever it is asked to", async () => {
	for (const next of ["//evil.test", "/\\evil.test", "https://evil.test/", "/\t/evil.test", "javascript:alert(1)"]) {
		const { text, status } = await new Browser(site).get(`/sign-in?next=${encodeURIComponent(next)}`);
		expect(status).toBe(200);
		expect(text).not.toMatch(/evil|javascript:/);
	}
});
