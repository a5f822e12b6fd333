import { get, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Browser } from "./browser.ts";
import { Site } from "./site.ts";

/** More than the buffers of two sockets hold, by far. */
const ROWS = 24_000;
const BYTES_A_ROW = 2_000;

let site: Site;
let ann: Browser;
let number: number;
/** Pages of rows that the server asked the database for, whichever download it was for. */
let asked = 0;

beforeAll(async () => {
	site = await Site.open();
	const { db } = site.world.deps;
	ann = new Browser(site);
	await ann.signIn("U_ANN");
	({ number } = await site.run("stage"));
	await db.query(
		`INSERT INTO audit_entry (chain, seq, entry, previous, hash)
		 SELECT id::text, 1000000 + n, json_build_object('atMs', n, 'action', 'run.noted', 'actor', json_build_object('id', 'x', 'name', 'Ada', 'via', 'slack'),
			'project', 'shop', 'environment', 'stage', 'runId', NULL, 'run', NULL, 'data', json_build_object('note', repeat('x', ${BYTES_A_ROW}))), sha256('a'), sha256('b')
		 FROM generate_series(1, ${ROWS}) AS n, (SELECT id FROM environment LIMIT 1) AS e`,
	);
	await db.query(
		`INSERT INTO run_log (run_id, n, at, line) SELECT run.id, n, now(), repeat('x', ${BYTES_A_ROW})
		 FROM run, generate_series(0, ${ROWS - 1}) AS n WHERE run.number = $1`,
		[number],
	);
	const query = db.query.bind(db);
	db.query = (text: string, ...rest: Parameters<typeof query> extends [string, ...infer R] ? R : never) => {
		if (/FROM (audit_entry|run_log) WHERE .* LIMIT/s.test(text)) asked += 1;
		return query(text, ...rest);
	};
}, 60_000);
afterAll(() => site.close());

function open(path: string): Promise<IncomingMessage> {
	const headers = { cookie: `draven=${ann.cookies.get("draven")}` };
	return new Promise((resolve, reject) => {
		get(`${site.url}${path}`, { headers, agent: false }, resolve).on("error", reject);
	});
}

/** Until the server has had the time for fifty other answers without asking for a page more. */
async function untilItRests(): Promise<number> {
	for (let before = -1; before !== asked; ) {
		before = asked;
		for (let n = 0; n < 50; n++) await ann.get("/account");
	}
	return asked;
}

describe.each([
	{ what: "the trail as CSV", path: () => "/audit.csv?action=run.noted", pages: ROWS / 2_000 },
	{ what: "the trail as JSON", path: () => "/audit.json?action=run.noted", pages: ROWS / 2_000 },
	{ what: "the evidence of a run", path: () => `/runs/${number}/evidence.json`, pages: ROWS / 1_000 },
	{ what: "a log", path: () => `/runs/${number}/log.txt`, pages: ROWS / 1_000 },
])("$what", ({ path, pages }) => {
	test("is read as fast as its reader reads, and no more once they are gone", async () => {
		asked = 0;
		const response = await open(path());
		expect(response.statusCode).toBe(200);
		const ahead = await untilItRests();
		expect(ahead).toBeGreaterThan(0);
		expect(ahead).toBeLessThan(pages / 2);
		response.destroy();
		expect(await untilItRests()).toBeLessThanOrEqual(ahead + 1);
	}, 60_000);

	test("is whole for whoever reads on", async () => {
		asked = 0;
		let bytes = 0;
		for await (const chunk of await open(path())) bytes += (chunk as Buffer).length;
		expect(bytes).toBeGreaterThan(ROWS * BYTES_A_ROW);
		expect(asked).toBeGreaterThanOrEqual(pages);
	}, 60_000);
});
