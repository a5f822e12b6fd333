import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import {
	claimWork,
	finishWork,
	LEASE_SECONDS,
	rememberRunner,
	renewLease,
	runnerQueue,
	runnersSeen,
} from "../../src/store/runner-queue.ts";
import { openShelf, put, type Shelf } from "./shelf.ts";

let shelf: Shelf;
let environments = 0;
const TOKEN = { id: randomUUID() as string, integrationId: null as string | null };
const OTHER = { ...TOKEN, id: randomUUID() as string };

beforeAll(async () => {
	shelf = await openShelf();
	for (const token of [TOKEN, OTHER])
		await shelf.db.query(
			"INSERT INTO api_token (id, name, kind, person_id, hash) VALUES ($1, 'runner', 'runner', $2, $3)",
			[token.id, shelf.personId, Buffer.from(token.id)],
		);
});
beforeEach(async () => {
	await shelf.db.query("TRUNCATE runner_work");
});
afterAll(() => shelf.close());

/** A run that is being started, in an environment of its own. */
async function dispatched(): Promise<string> {
	environments += 1;
	const { run } = await put(shelf, await shelf.environment(`e${environments}`));
	await shelf.db.query("UPDATE run SET state = 'dispatching', started_at = now() WHERE id = $1", [run.id]);
	return run.id;
}

const queue = () => runnerQueue(shelf.db, shelf.integrationId);

async function offer(labels: readonly string[] = [], JOB_ID?: string): Promise<string> {
	const jobId = JOB_ID ?? (await dispatched());
	const variables = { JOB_ID: jobId, ENV: "stage", REF: "main", SHA: "a".repeat(40), TYPE: "deploy", region: "eu" };
	await queue().offer({
		project: { repository: "git://shop", pipeline: "deploy/run.sh", defaultRef: "main" },
		...{ ref: { name: "main", kind: "branch", sha: variables.SHA }, variables, timeoutSeconds: 900, labels },
	});
	return jobId;
}

const claim = (labels: readonly string[] = [], runner = "r1", token = TOKEN) =>
	claimWork(shelf.db, token, { runner, labels: [...labels], waitSeconds: 0 });
const renew = (jobId: string, lease: number, tokenId = TOKEN.id) => renewLease(shelf.db, jobId, { lease, tokenId });
const finish = (jobId: string, lease: number, end: End, tokenId = TOKEN.id) =>
	finishWork(shelf.db, jobId, { lease, tokenId }, end);
type End = Parameters<typeof finishWork>[3];

/** The database's clock is nobody's to set: what stands in the rows is moved back instead. */
async function pass(ms: number): Promise<void> {
	await shelf.db.query("UPDATE runner_work SET lease_until = lease_until - $1 * interval '1 ms'", [ms]);
}

async function leased(jobId: string): Promise<number> {
	const work = await claim();
	if (work?.jobId !== jobId) throw new Error("another work was claimed");
	return work.lease;
}

const LOST = /^The runner r1 stopped answering\. /;

describe("claiming", () => {
	test("gives all that the work needs, and shows it at work", async () => {
		const jobId = await offer();
		expect(await queue().state(jobId)).toEqual({ status: "queued", reason: null });
		expect(await claim()).toEqual({
			...{ jobId, lease: 1, leaseSeconds: LEASE_SECONDS, repository: "git://shop", entrypoint: "deploy/run.sh" },
			...{ sha: "a".repeat(40), timeoutSeconds: 900 },
			variables: { JOB_ID: jobId, ENV: "stage", REF: "main", SHA: "a".repeat(40), TYPE: "deploy", region: "eu" },
		});
		expect(await queue().state(jobId)).toEqual({ status: "running", reason: null });
	});

	test("asks for every label of the work, and a runner may carry more", async () => {
		const jobId = await offer(["linux", "bastion"]);
		expect(await claim([])).toBeNull();
		expect(await claim(["linux"])).toBeNull();
		expect((await claim(["bastion", "gpu", "linux"]))?.jobId).toBe(jobId);
	});

	test("is first in, first out, and passes by what does not fit", async () => {
		const special = await offer(["gpu"]);
		const [first] = [await offer()];
		const second = await offer();
		expect((await claim())?.jobId).toBe(first);
		expect((await claim())?.jobId).toBe(second);
		expect(await claim()).toBeNull();
		expect((await claim(["gpu"]))?.jobId).toBe(special);
	});

	test("by many at once gives each work to one runner", async () => {
		const offered = [await offer(), await offer(), await offer()];
		const works = await Promise.all(Array.from({ length: 12 }, (_, n) => claim([], `r${n}`)));
		const first = works.flatMap((work) => (work === null ? [] : [work.jobId]));
		for (let work = await claim(); work !== null; work = await claim()) first.push(work.jobId);
		expect(first.sort()).toEqual(offered.sort());
	});

	test("by a runner of another integration gets nothing", async () => {
		await offer();
		const other = await shelf.db.query(
			"INSERT INTO integration (id, slug, provider, managed_by) VALUES (gen_random_uuid(), 'other', 'runner', 'file') RETURNING id",
		);
		expect(await claim([], "r1", { ...TOKEN, integrationId: other[0].id })).toBeNull();
		expect(await claim([], "r1", { ...TOKEN, integrationId: shelf.integrationId })).not.toBeNull();
	});

	test("gives nobody the work of a run that is over", async () => {
		const jobId = await offer();
		await shelf.db.query(
			"UPDATE run SET state = 'failed', finished_at = now(), deadline = NULL, reason = 'given up' WHERE id = $1",
			[jobId],
		);
		expect(await claim()).toBeNull();
	});

	test("remembers the runner, and since when it is silent: not while it is at work", async () => {
		const seen = (labels: string[]) => rememberRunner(shelf.db, TOKEN.id, { runner: "known", labels, waitSeconds: 0 });
		await seen(["a"]);
		await shelf.db.query("UPDATE runner SET seen_at = seen_at - interval '5 minutes'");
		const known = async () => (await runnersSeen(shelf.db, shelf.integrationId)).find(({ name }) => name === "known");
		expect(await known()).toMatchObject({ labels: ["a"] });
		expect((await known())?.silentMs).toBeGreaterThanOrEqual(300_000);
		const jobId = await offer();
		const work = await claim([], "known");
		expect((await known())?.silentMs).toBe(0);
		await finish(jobId, work?.lease ?? 0, { outcome: "succeeded", reason: null });
		expect((await known())?.silentMs).toBeGreaterThanOrEqual(300_000);
		await seen(["b"]);
		expect(await known()).toMatchObject({ labels: ["b"] });
		expect((await known())?.silentMs).toBeLessThan(100_000);
	});
});

describe("an offer", () => {
	test("made twice is one work, and answers how the first one stands", async () => {
		const jobId = await offer();
		await leased(jobId);
		await offer([], jobId);
		expect(await claim()).toBeNull();
		expect(await queue().state(jobId)).toEqual({ status: "running", reason: null });
	});

	test("that was never made is not known", async () => {
		expect(await queue().state(shelf.personId)).toBeNull();
	});
});

describe("a lease", () => {
	test("lives by its heartbeat", async () => {
		const jobId = await offer();
		const lease = await leased(jobId);
		for (let beat = 1; beat <= 3; beat++) {
			await pass((LEASE_SECONDS - 5) * 1_000);
			expect(await renew(jobId, lease)).toEqual({ cancel: false });
		}
		expect(await queue().state(jobId)).toEqual({ status: "running", reason: null });
	});

	test("that ran out is a dead runner: its work has failed, goes to nobody else, and it is not heard any more", async () => {
		const jobId = await offer();
		const lease = await leased(jobId);
		await renew(jobId, lease);
		await pass(LEASE_SECONDS * 1_000 + 1);
		expect(await claim([], "r2")).toBeNull();
		expect(await renew(jobId, lease)).toBeNull();
		expect(await finish(jobId, lease, { outcome: "succeeded", reason: null })).toBe(false);
		expect(await queue().state(jobId)).toEqual({ status: "failed", reason: expect.stringMatching(LOST) });
		expect(await finish(jobId, lease, { outcome: "succeeded", reason: null })).toBe(false);
		await finish(jobId, lease, { outcome: "failed", reason: "late" });
		expect(await queue().state(jobId)).toEqual({ status: "failed", reason: expect.stringMatching(LOST) });
	});

	test("that no heartbeat ever confirmed was not begun: another runner gets the work, and the first one is not heard", async () => {
		const jobId = await offer();
		const lease = await leased(jobId);
		expect(await claim([], "r2")).toBeNull();
		await pass(LEASE_SECONDS * 1_000 + 1);
		expect(await queue().state(jobId)).toEqual({ status: "queued", reason: null });
		expect(await claim([], "r2")).toMatchObject({ jobId, lease: lease + 1 });
		expect(await renew(jobId, lease)).toBeNull();
		expect(await renew(jobId, lease + 1)).toEqual({ cancel: false });
	});

	test("that no heartbeat ever confirmed, of work that was cancelled, is given to nobody", async () => {
		const jobId = await offer();
		await leased(jobId);
		await queue().requestCancel(jobId);
		await pass(LEASE_SECONDS * 1_000 + 1);
		expect(await claim([], "r2")).toBeNull();
		expect(await queue().state(jobId)).toMatchObject({ status: "cancelled" });
	});

	test("is the claiming token's: what another one says with its number is not heard, though the integration is the same", async () => {
		const jobId = await offer();
		const lease = await leased(jobId);
		expect(await renew(jobId, lease, OTHER.id)).toBeNull();
		expect(await finish(jobId, lease, { outcome: "succeeded", reason: null }, OTHER.id)).toBe(false);
		expect(await renew(jobId, lease)).toEqual({ cancel: false });
		expect(await finish(jobId, lease, { outcome: "failed", reason: "no" })).toBe(true);
		expect(await finish(jobId, lease, { outcome: "failed", reason: "no" }, OTHER.id)).toBe(false);
	});

	test("that another token's runner takes over is that one's from then on", async () => {
		const jobId = await offer();
		const lease = await leased(jobId);
		await pass(LEASE_SECONDS * 1_000 + 1);
		expect(await claim([], "r2", OTHER)).toMatchObject({ jobId });
		expect(await renew(jobId, lease + 1)).toBeNull();
		expect(await renew(jobId, lease + 1, OTHER.id)).toEqual({ cancel: false });
	});

	test("is known by its number: an old one, or a guess, is not heard", async () => {
		const jobId = await offer();
		const lease = await leased(jobId);
		for (const wrong of [lease - 1, lease + 1]) {
			expect(await renew(jobId, wrong)).toBeNull();
			expect(await finish(jobId, wrong, { outcome: "failed", reason: null })).toBe(false);
		}
	});
});

describe("a cancel", () => {
	test("of work that nobody took ends it at once, and nobody gets it", async () => {
		const jobId = await offer();
		await queue().requestCancel(jobId);
		const reason = "It was cancelled before a runner took it.";
		expect(await queue().state(jobId)).toEqual({ status: "cancelled", reason });
		expect(await claim()).toBeNull();
	});

	test("of work at hand is heard with the next heartbeat, and the runner says how it ended", async () => {
		const jobId = await offer();
		const lease = await leased(jobId);
		await queue().requestCancel(jobId);
		expect(await queue().state(jobId)).toEqual({ status: "running", reason: null });
		expect(await renew(jobId, lease)).toEqual({ cancel: true });
		await finish(jobId, lease, { outcome: "cancelled", reason: "Stopped." });
		expect(await queue().state(jobId)).toEqual({ status: "cancelled", reason: "Stopped." });
	});

	test("of ended work changes nothing", async () => {
		const jobId = await offer();
		const lease = await leased(jobId);
		await finish(jobId, lease, { outcome: "succeeded", reason: null });
		await queue().requestCancel(jobId);
		expect(await queue().state(jobId)).toEqual({ status: "succeeded", reason: null });
	});

	test("and a claim at the same moment: either it was never taken, or its runner hears of it", async () => {
		for (let round = 0; round < 20; round++) {
			const jobId = await offer();
			const [work] = await Promise.all([claim(), queue().requestCancel(jobId)]);
			const state = await queue().state(jobId);
			if (work === null) expect(state?.status).toBe("cancelled");
			else expect(await renew(jobId, work.lease)).toEqual({ cancel: true });
			if (work !== null) await finish(jobId, work.lease, { outcome: "cancelled", reason: null });
		}
	});
});

describe("the end", () => {
	test("said twice is true twice and stays as it was first said; another end is refused", async () => {
		const jobId = await offer();
		const lease = await leased(jobId);
		const finishedAt = () => shelf.db.query("SELECT finished_at FROM runner_work");
		expect(await finish(jobId, lease, { outcome: "failed", reason: "exit code 3" })).toBe(true);
		const first = await finishedAt();
		expect(await finish(jobId, lease, { outcome: "failed", reason: "another" })).toBe(true);
		expect(await finish(jobId, lease, { outcome: "succeeded", reason: "exit code 3" })).toBe(false);
		expect(await queue().state(jobId)).toEqual({ status: "failed", reason: "exit code 3" });
		expect(first).toEqual([{ finished_at: expect.any(Date) }]);
		expect(await finishedAt()).toEqual(first);
	});
});
