import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { EARLIER_LEFT_OUT } from "../../src/core/log-cut.ts";
import type { Run } from "../../src/core/run.ts";
import { endedRuns } from "../../src/store/ended-runs.ts";
import { addLines } from "../../src/store/run-log.ts";
import { readReport } from "../../src/use-cases/read-report.ts";
import { Browser } from "./browser.ts";
import { Site } from "./site.ts";

let site: Site;
let ann: Browser;
/** Numbers of the runs of the history, in order. */
const made: number[] = [];

/**
 * A history that was worked out by hand, on the stage of the shop: #1 live after 60 s, #2 fails, its retry #3 is live; #4 live, and
 * taken back by the rollback #5; #6 cancelled; #7 a dry-run.
 */
beforeAll(async () => {
	site = await Site.open();
	const { world } = site;
	const ask = async (text: string): Promise<Run> => {
		const run = await world.runOf(await world.say("U_OPS", text));
		made.push(run.number);
		await world.work();
		return run;
	};
	const end = async (run: Run, status: "succeeded" | "failed" | "cancelled", seconds: number) => {
		// The poll that hears of it is a part of that time.
		world.sleep((seconds - 31) * 1_000);
		await world.finish(await world.run(run.number), status);
	};
	await end(await ask("deploy shop@v1.0.0 to stage"), "succeeded", 60);
	const second = await ask("deploy shop@v1.1.0 to stage");
	await end(second, "failed", 120);
	world.sleep(60_000);
	await end(await ask(`retry #${second.number}`), "succeeded", 60);
	await end(await ask("deploy shop@v1.2.0 to stage"), "succeeded", 60);
	world.sleep(540_000);
	await end(await ask("rollback shop stage"), "succeeded", 60);
	await world.say("U_OPS", "unlock shop stage");
	const stopped = await ask("deploy shop@v1.1.0 to stage");
	await world.say("U_OPS", `cancel #${stopped.number}`);
	await world.work();
	await end(stopped, "cancelled", 31);
	await end(await ask("plan shop@v1.0.0 stage"), "succeeded", 60);
	ann = new Browser(site);
	await ann.signIn("U_ANN");
});
afterAll(() => site.close());

const EXPECTED = {
	deployments: [1, 3, 4],
	changes: [1, 3, 4],
	// #3 is the second try of what failed as #2; #4 was rolled back.
	failedChanges: [3, 4],
	rollbacks: [5],
	// 60 s; 120 + 60 + 60 s from the first request; 60 s.
	leadTime: { median: 60, p90: 240 },
	// From the end of #2 until #3 was live: 120 s; from #4 being live until the rollback was: 600 s.
	recoveryTime: { median: 120, p90: 600, runs: [2, 4] },
	approvalWait: { median: null, runs: [] },
};

test("the figures of a history are those worked out by hand", async () => {
	expect(made).toEqual([1, 2, 3, 4, 5, 6, 7]);
	const { status, body } = await site.api("GET", "/reports/delivery");
	expect(status).toBe(200);
	const { deployments, changes, failedChanges, rollbacks } = EXPECTED;
	const counted = (runs: number[]) => ({ count: runs.length, runs });
	expect(body.total).toMatchObject({
		...{ deployments: counted(deployments), changes: counted(changes), failedChanges: counted(failedChanges) },
		...{ rollbacks: counted(rollbacks), changeFailureRate: 2 / 3 },
		...{ leadTime: EXPECTED.leadTime, recoveryTime: EXPECTED.recoveryTime, approvalWait: EXPECTED.approvalWait },
	});
	expect(body).toMatchObject({ since: "2025-12-15T00:00:00.000Z", cut: false });
	expect(body.groups).toHaveLength(12);
	expect(body.groups[0]).toMatchObject({ key: "2025-12-15" });
	expect(body.groups.at(-1)).toMatchObject({ key: "2026-03-02", deployments: counted(deployments) });
	const { body: other } = await site.api("GET", "/reports/delivery?environment=production&by=environment");
	expect(other).toMatchObject({ groups: [], total: { deployments: { count: 0 }, changeFailureRate: null } });
	expect(await site.api("GET", "/reports/delivery?since=2026-03-05&until=2026-03-04")).toMatchObject({
		status: 422,
		body: { code: "invalid_query" },
	});
});

test("the page shows the same, each number leads to its runs, and it is there as CSV", async () => {
	const { text } = await ann.get("/reports?weeks=4");
	for (const shown of ["Change failure rate", "67 %", "2 min", "10 min"]) expect(text).toContain(shown);
	const link =
		/href="(\/reports\/runs\?[^"]*metric=failedChanges[^"]*)"/.exec(text)?.[1]?.replaceAll("&amp;", "&") ?? "";
	const behind = await ann.get(link);
	expect([...behind.text.matchAll(/href="\/runs\/(\d+)"/g)].map(([, number]) => Number(number))).toEqual([4, 3]);
	expect(behind.text).toMatch(/2 runs\..*shop\/stage/s);
	expect(text).toContain('<th scope="row">2026-03-02 (so far)</th>');
	const rows = [...text.matchAll(/<th scope="row">(\d{4}-\d\d-\d\d)/g)].map(([, week]) => week);
	expect(rows).toEqual(["2026-02-09", "2026-02-16", "2026-02-23", "2026-03-02"]);
	// What each took, from which the median can be worked out again.
	const took = (await ann.get("/reports/runs?weeks=4&metric=recoveryTime")).text;
	expect([...took.matchAll(/data-label="Failed deployment recovery time">([^<]*)</g)].map(([, one]) => one)).toEqual([
		"10 min",
		"2 min",
	]);
	expect(took).toContain("Median 2 min");
	expect((await ann.get("/reports/runs?weeks=4&group=1999-01-04&metric=deployments")).status).toBe(404);
	const file = await ann.get("/reports.csv?weeks=4");
	expect(file.headers.get("content-disposition")).toContain("draven-report.csv");
	expect(file.text.split("\r\n").at(-3)).toMatch(/^2026-03-02,3,3,2,1,0.6667,60,240,120,600,,,/);
});

test("of more runs than are read at once the figures are whole from a day on, and say so", async () => {
	const { db, now } = site.world.deps;
	const filter = { since: new Date(0), project: null, environment: null, sight: null };
	expect(await endedRuns(db, filter, 6)).toMatchObject({ wholeFrom: null });
	const { runs, wholeFrom } = await endedRuns(db, filter, 5);
	expect(runs).toHaveLength(5);
	expect(wholeFrom).toEqual(new Date("2026-03-05T00:00:00Z"));
	const asked = {
		project: null,
		environment: null,
		since: filter.since,
		until: null,
		by: "week",
		sight: null,
	} as const;
	const cut = await readReport(site.world.deps, asked, 5);
	expect(cut).toMatchObject({ isCut: true, since: wholeFrom, total: { deployments: [] } });
	expect(now().getTime()).toBeLessThan(cut.since.getTime());
});

test("a list that nothing is in yet follows what happens too", async () => {
	const { text } = await ann.get("/runs?environment=production");
	expect(text).toMatch(/<div class="card empty" data-live[^>]* hx-select="\[data-live\]"[^>]*>No run fits\./);
});

test("what is not understood of the filters is named, and nothing is shown or exported for it", async () => {
	const asked = [
		["/audit?since=zzz", "From &quot;zzz&quot; was not understood: it has to be a day, such as 2026-03-31."],
		["/audit?until=2026-02-31", "To &quot;2026-02-31&quot; was not understood"],
		["/audit?action=run.flown", "What &quot;run.flown&quot; was not understood: it is none that there is."],
		["/audit?run=zzz", "Run &quot;zzz&quot; was not understood"],
		["/audit?cursor=zzz", "Cursor &quot;zzz&quot; was not understood"],
		["/runs?state=x", "State &quot;x&quot; was not understood: it has to be one of waiting_approval,"],
		["/runs?before=x", "Older than &quot;x&quot; was not understood"],
	] as const;
	for (const [path, said] of asked) {
		const { text, status } = await ann.get(path);
		expect([path, status, text.includes(said)]).toEqual([path, 200, true]);
		expect([path, text.includes('href="/runs/')]).toEqual([path, false]);
	}
	for (const path of [
		"/audit.csv?since=zzz",
		"/audit.json?action=run.flown",
		"/reports.csv?weeks=13",
		"/reports?by=day",
	]) {
		const { text, status, headers } = await ann.get(path);
		expect([path, status, headers.get("content-disposition")]).toEqual([path, 400, null]);
		expect(text).toContain("was not understood: it ");
	}
	expect((await ann.get("/audit.csv?since=&until=&action=&run=&project=")).status).toBe(200);
});

test("the trail is filtered, searched, exported and verified", async () => {
	const { text } = await ann.get("/audit?action=run.failed");
	expect(text).toContain('href="/runs/2"');
	// To the second, for whoever puts events in order.
	expect(text).toMatch(/<time [^>]*data-exact[^>]*>4 Mar 2026, \d\d:\d\d:\d\d UTC</);
	expect(text).not.toContain('href="/runs/4"');
	expect((await ann.get("/audit?q=ROLLBACK&environment=stage")).text).toContain('href="/runs/5"');
	expect((await ann.get("/audit?q=nothing-like-this")).text).toContain("No entry fits.");
	expect((await ann.get("/audit?run=%232&until=2020-01-01")).text).toContain("No entry fits.");
	const items: { action: string; run: number | null }[] = JSON.parse((await ann.get("/audit.json?run=2")).text);
	expect(items.map(({ action }) => action)).toContain("run.failed");
	expect(items.every(({ run }) => run === 2)).toBe(true);
	expect((await ann.get("/audit.csv?action=run.failed")).text).toMatch(/,run\.failed,shop,stage,2,/);
	const said = async (action: string) => (await ann.get(`/audit.csv?action=${action}`)).text;
	await site.api("POST", "/tokens", { body: { name: "=told", role: "viewer" } });
	expect(await said("token.created")).toContain(',"The token =told was made, with the role viewer.",');
	expect((await ann.get("/audit?action=token.created")).text).toContain(
		"The token =told was made, with the role viewer.",
	);
	await ann.submit("/audit", "/audit/verify");
	expect((await ann.get("/audit")).text).toMatch(/The audit trail is whole: \d+ entries in \d chains/);
	// Every page of it, each entry once.
	const seen: string[] = [];
	for (let path: string | undefined = "/audit"; path !== undefined; ) {
		const page: string = (await ann.get(path)).text;
		seen.push(...[...page.matchAll(/Entry \d+ of (?:the system|its environment)/g)].map(([one]) => one));
		path = /href="(\/audit\?cursor=[^"]+)"/.exec(page)?.[1];
	}
	const { body } = await site.api("GET", "/audit?limit=100");
	expect(body.next).toBeNull();
	expect(seen).toHaveLength(body.items.length);
});

test("the evidence of a run is one file, its entries as they are hashed", async () => {
	const { text, headers } = await ann.get("/runs/2/evidence.json");
	expect(headers.get("content-disposition")).toContain("draven-run-2.json");
	const pack = JSON.parse(text);
	expect(pack).toMatchObject({ run: { number: 2, state: "failed" }, verdict: { outcome: "allowed" }, approvals: [] });
	for (const { entry, hash } of pack.audit.entries) {
		expect(JSON.parse(entry)).toMatchObject({ run: 2 });
		expect(hash).toMatch(/^[0-9a-f]{64}$/);
	}
	expect((await ann.get("/runs/99/evidence.json")).status).toBe(404);
});

test("what is exported is all of it, however much it is, and a spreadsheet computes nothing of it", async () => {
	const { db, now } = site.world.deps;
	const [{ id } = { id: "" }]: { id: string }[] = await db.query("SELECT id FROM environment WHERE slug = 'lab'");
	const chain = id === "" ? "many" : id;
	const many = 26_000;
	await db.query(
		`INSERT INTO audit_entry (chain, seq, entry, previous, hash)
		 SELECT $1, 100000 + n, json_build_object('atMs', $2::bigint - n / 7, 'action', 'config.changed', 'actor', json_build_object('id', NULL, 'name',
			'=cmd|' || n, 'via', 'slack'), 'project', NULL, 'environment', NULL, 'runId', NULL, 'run', NULL, 'data', json_build_object('n', n))::text,
			sha256('a'), sha256('b') FROM generate_series(1, ${many}) AS n`,
		[chain, now().getTime()],
	);
	try {
		const items: { chain: string; seq: number; data: { n: number } }[] = JSON.parse(
			(await ann.get("/audit.json?action=config.changed")).text,
		);
		const ours = items.filter((one) => one.chain === chain);
		expect(ours).toHaveLength(many);
		expect(new Set(ours.map(({ seq }) => seq)).size).toBe(many);
		const rows = (await ann.get("/audit.csv?action=config.changed&q=%3Dcmd%7C")).text.split("\r\n");
		expect(rows).toHaveLength(many + 2);
		expect(rows.filter((row) => row.includes(",'=cmd|"))).toHaveLength(many);
		expect(rows.filter((row) => row.includes(",=cmd|"))).toEqual([]);
	} finally {
		await db.query("ALTER TABLE audit_entry DISABLE TRIGGER USER");
		await db.query("DELETE FROM audit_entry WHERE chain = $1 AND seq > 100000", [chain]);
		await db.query("ALTER TABLE audit_entry ENABLE TRIGGER USER");
	}
}, 60_000);

test("the evidence of a run has its whole log, and says where its source left something out", async () => {
	const { db, now } = site.world.deps;
	const run = (await site.api("GET", "/runs/2")).body;
	const about = async () => JSON.parse((await ann.get("/runs/2/evidence.json")).text);
	expect((await about()).logAbout).toMatchObject({ lines: 0, whole: true, cuts: [] });
	const lines = [EARLIER_LEFT_OUT, ...Array.from({ length: 25_001 }, (_, n) => `line "${n}"`)];
	await addLines(db.manager, run.id, 0, lines, now());
	const pack = await about();
	expect(pack.log).toEqual(lines);
	expect(pack.logAbout).toMatchObject({ lines: 25_002, whole: false, cuts: [{ line: 0, says: EARLIER_LEFT_OUT }] });
}, 60_000);
