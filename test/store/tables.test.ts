import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { giveKeyBack, keepAnswer, takeKey } from "../../src/store/idempotent-answers.ts";
import { listLocks } from "../../src/store/list-locks.ts";
import { personLock, putLock, removeExpiredLock, removeLock } from "../../src/store/locks.ts";
import { addLines, lastLines, linesFrom, nextLine } from "../../src/store/run-log.ts";
import { at, openShelf, put, type Shelf, T0 } from "./shelf.ts";

let shelf: Shelf;
beforeAll(async () => {
	shelf = await openShelf();
});
afterAll(() => shelf.close());

describe("a person's lock", () => {
	const lock = (environmentId: string, until: Date | null) => ({
		...{ environmentId, person: { id: shelf.personId, name: "Ann" }, reason: "hands off", until, createdAt: T0 },
	});

	test("holds until its time is over, to the millisecond", async () => {
		const environmentId = await shelf.environment("locked");
		await putLock(shelf.db, lock(environmentId, at(1_000)));
		expect(await personLock(shelf.db, environmentId, at(999))).toEqual(lock(environmentId, at(1_000)));
		expect(await personLock(shelf.db, environmentId, at(1_000))).toBeNull();
		expect(await removeExpiredLock(shelf.db, environmentId, at(999))).toBeNull();
		expect(await removeExpiredLock(shelf.db, environmentId, at(1_000))).toEqual(lock(environmentId, at(1_000)));
		expect(await removeExpiredLock(shelf.db, environmentId, at(1_000))).toBeNull();
	});

	test("without an end stays, and is not taken for one whose time is over", async () => {
		const environmentId = await shelf.environment("for-ever");
		await putLock(shelf.db, lock(environmentId, null));
		expect(await removeExpiredLock(shelf.db, environmentId, new Date("2999-01-01"))).toBeNull();
		expect(await personLock(shelf.db, environmentId, new Date("2999-01-01"))).toEqual(lock(environmentId, null));
		await removeLock(shelf.db, environmentId);
		expect(await personLock(shelf.db, environmentId, T0)).toBeNull();
	});

	test("an old clean-up does not take away the new one", async () => {
		const environmentId = await shelf.environment("renewed");
		await putLock(shelf.db, lock(environmentId, at(10)));
		await putLock(shelf.db, lock(environmentId, at(1_000)));
		expect(await removeExpiredLock(shelf.db, environmentId, at(10))).toBeNull();
	});

	test("is listed beside the run that is at work", async () => {
		const environmentId = await shelf.environment("both");
		await putLock(shelf.db, lock(environmentId, null));
		const { run } = await put(shelf, environmentId);
		await shelf.db.query("UPDATE run SET environment = 'both', state = 'dispatching', started_at = $2 WHERE id = $1", [
			...[run.id, at(5)],
		]);
		const held = (await listLocks(shelf.db, T0)).filter((one) => one.environment === "both");
		const person = { id: shelf.personId, name: "Ann" };
		expect(held).toMatchObject([
			{ heldBy: "person", person, run: null, reason: "hands off", until: null, createdAt: T0 },
			{ heldBy: "run", person, run: run.number, reason: null, until: null, createdAt: at(5) },
		]);
	});
});

describe("an Idempotency-Key", () => {
	const name = (key: string) => ({ tokenId: shelf.personId, key });

	test("of many requests at once is carried out by one", async () => {
		const taken = await Promise.all(Array.from({ length: 10 }, () => takeKey(shelf.db, name("many"), "h", T0)));
		const kinds = taken.map(({ kind }) => kind);
		expect(kinds.filter((kind) => kind === "mine")).toHaveLength(1);
		expect(kinds.filter((kind) => kind === "in_progress")).toHaveLength(9);
	});

	test("answers again what was answered, and refuses another request", async () => {
		await takeKey(shelf.db, name("again"), "h", T0);
		expect(await keepAnswer(shelf.db, name("again"), 201, { run: 7 })).toBe(true);
		expect(await takeKey(shelf.db, name("again"), "h", at(1))).toEqual({
			kind: "answered",
			status: 201,
			answer: { run: 7 },
		});
		expect(await takeKey(shelf.db, name("again"), "other", at(1))).toEqual({ kind: "other_request" });
		expect(await keepAnswer(shelf.db, name("again"), 500, {})).toBe(false);
	});

	test("of another token is another key", async () => {
		await takeKey(shelf.db, name("own"), "h", T0);
		const other = { tokenId: shelf.projectId, key: "own" };
		expect(await takeKey(shelf.db, other, "other", T0)).toMatchObject({ kind: "mine", since: T0 });
	});

	test("whose request died is taken up after seconds, by one at a time, under its first name", async () => {
		await takeKey(shelf.db, name("died"), "h", T0);
		expect(await takeKey(shelf.db, name("died"), "h", at(4_999))).toEqual({ kind: "in_progress" });
		const again = await Promise.all([1, 2, 3].map(() => takeKey(shelf.db, name("died"), "h", at(5_000))));
		expect(again.filter(({ kind }) => kind === "mine")).toEqual([{ kind: "mine", since: T0, triedAt: at(5_000) }]);
		// The first one, were it alive, gives nothing back that is not its own any more.
		await giveKeyBack(shelf.db, name("died"), T0);
		expect(await takeKey(shelf.db, name("died"), "h", at(9_999))).toEqual({ kind: "in_progress" });
	});

	test("given back is free at once; an answer is not given back", async () => {
		await takeKey(shelf.db, name("back"), "h", T0);
		await giveKeyBack(shelf.db, name("back"), T0);
		expect(await takeKey(shelf.db, name("back"), "other", at(1))).toMatchObject({ kind: "mine", since: at(1) });
		await keepAnswer(shelf.db, name("back"), 200, null);
		await giveKeyBack(shelf.db, name("back"), T0);
		expect(await takeKey(shelf.db, name("back"), "other", at(1))).toMatchObject({ kind: "answered", status: 200 });
	});

	test("is forgotten after a day", async () => {
		await takeKey(shelf.db, name("day"), "h", T0);
		await keepAnswer(shelf.db, name("day"), 200, {});
		expect(await takeKey(shelf.db, name("day"), "other", at(86_399_999))).toEqual({ kind: "other_request" });
		expect(await takeKey(shelf.db, name("day"), "other", at(86_400_000))).toMatchObject({
			kind: "mine",
			since: at(86_400_000),
		});
	});
});

describe("the log of a run", () => {
	const texts = async (runId: string, from = 0, limit = 100) =>
		(await linesFrom(shelf.db, runId, from, limit)).map(({ n, line }) => [n, line]);

	test("takes a repeated post once, and one that overlaps for what is new in it", async () => {
		const { run } = await put(shelf, await shelf.environment("log-repeat"));
		await addLines(shelf.db, run.id, 0, ["a", "b"], T0);
		await addLines(shelf.db, run.id, 0, ["a", "b"], at(1));
		await addLines(shelf.db, run.id, 1, ["other", "c"], at(2));
		expect(await texts(run.id)).toEqual([
			[0, "a"],
			[1, "b"],
			[2, "c"],
		]);
		expect(await nextLine(shelf.db, run.id)).toBe(3);
	});

	test("shows pages from any line, and the last ones in order", async () => {
		const { run } = await put(shelf, await shelf.environment("log-pages"));
		expect(await nextLine(shelf.db, run.id)).toBe(0);
		await addLines(
			shelf.db,
			run.id,
			0,
			Array.from({ length: 1_000 }, (_, n) => `line ${n}`),
			T0,
		);
		expect(await texts(run.id, 998)).toEqual([
			[998, "line 998"],
			[999, "line 999"],
		]);
		expect(await texts(run.id, 10, 1)).toEqual([[10, "line 10"]]);
		expect((await lastLines(shelf.db, run.id, 2)).map(({ n }) => n)).toEqual([998, 999]);
	});

	test("keeps a gap as a gap, to be filled by the post that was late", async () => {
		const { run } = await put(shelf, await shelf.environment("log-gap"));
		await addLines(shelf.db, run.id, 2, ["c"], T0);
		await addLines(shelf.db, run.id, 0, ["a", "b"], T0);
		expect(await texts(run.id)).toEqual([
			[0, "a"],
			[1, "b"],
			[2, "c"],
		]);
	});

	test("holds what a process may print: NUL, colours, emoji, nothing, 8 KB", async () => {
		const { run } = await put(shelf, await shelf.environment("log-odd"));
		const odd = ["\0", "\u001b[31mred\u001b[0m", "🚀 naïve — 部署", "", "x".repeat(8_192), "'); DROP TABLE run; --"];
		await addLines(shelf.db, run.id, 0, odd, T0);
		expect((await texts(run.id)).map(([, line]) => line)).toEqual(["\ufffd", ...odd.slice(1)]);
	});

	test("is of a run that is there", async () => {
		await expect(addLines(shelf.db, shelf.personId, 0, ["a"], T0)).rejects.toThrow("run_log_run");
	});
});
