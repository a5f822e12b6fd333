import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** Any number that only we use: held for as long as a server lives, and let go by the kernel when it is killed. */
export const SERVER_LOCK = 4_711_330_215;

const TRY_EVERY_MS = 100;
/** A command that looks whether a server lives holds the lock for a moment. */
const TAKEN_FOR_MS = 2_000;
/** What a restart of Postgres may take, recovery included. */
const AWAY_FOR_MS = 60_000;
const CONNECT_WITHIN_MS = 5_000;

export interface ServerLock {
	/** One sentence, once the lock is not ours and cannot be had again. Never rejects. */
	readonly lost: Promise<string>;
	/** Before Postgres is stopped: whether it is ours, after a last try. From now on its loss is nobody's concern. */
	settle(): Promise<boolean>;
	/** After `settle`. */
	release(): Promise<void>;
}

/** "taken": somebody else has it. "away": Postgres does not answer. */
type Attempt = pg.Client | "taken" | "away";

/**
 * Holds the lock that one server alone has, by a connection of its own. Postgres lets it go when that connection ends, for whatever
 * reason; it is then taken again at once.
 */
export async function takeServerLock(url: string): Promise<ServerLock | "taken" | "away"> {
	const first = await tryFor(url, 0, () => false);
	if (typeof first === "string") return first;
	let held: pg.Client | null = null;
	let over = false;
	let takingAgain: Promise<void> = Promise.resolve();
	let tellLost: (why: "taken" | "away") => void = () => {};
	const lost = new Promise<"taken" | "away">((resolve) => {
		tellLost = resolve;
	});

	function hold(client: pg.Client): void {
		held = client;
		client.once("end", () => {
			held = null;
			if (!over) takingAgain = takeAgain();
		});
	}

	async function takeAgain(): Promise<void> {
		const got = await tryFor(url, AWAY_FOR_MS, () => over);
		if (typeof got !== "string") hold(got);
		else if (!over) tellLost(got);
	}

	hold(first);
	return {
		lost: lost.then((why) => LOST[why]),
		async settle() {
			over = true;
			await takingAgain;
			if (held !== null) return true;
			const got = await attempt(url);
			if (typeof got === "string") return false;
			hold(got);
			return true;
		},
		async release() {
			await held?.end().catch(() => {});
		},
	};
}

const LOST = {
	taken:
		"Another DRAVEN server took over the database of this data folder while this one was cut off from it: this one ends, and leaves Postgres to the other one.",
	away: "The embedded Postgres is gone and did not come back: start DRAVEN again. Why it went is in postgres.log, in the folder postgres of the data folder.",
} as const;

/** Runs `work` while no server lives, and keeps one from coming in meanwhile. */
export async function unlessServerLives(url: string, work: () => Promise<void>): Promise<void> {
	const got = await attempt(url);
	if (typeof got === "string") return;
	try {
		await work();
	} finally {
		await got.end().catch(() => {});
	}
}

async function tryFor(url: string, awayForMs: number, over: () => boolean): Promise<Attempt> {
	let since = performance.now();
	let before: Attempt | null = null;
	for (;;) {
		const got = await attempt(url);
		if (got !== before) since = performance.now();
		before = got;
		const limit = got === "taken" ? TAKEN_FOR_MS : awayForMs;
		if (typeof got !== "string" || over() || performance.now() - since >= limit) return got;
		await sleep(TRY_EVERY_MS);
	}
}

async function attempt(url: string): Promise<Attempt> {
	const client = new pg.Client({
		connectionString: url,
		application_name: "draven server lock",
		connectionTimeoutMillis: CONNECT_WITHIN_MS,
	});
	// Its end is heard by whoever holds it.
	client.on("error", () => {});
	try {
		await client.connect();
		const { rows } = await client.query<{ got: boolean }>("SELECT pg_try_advisory_lock($1) AS got", [SERVER_LOCK]);
		if (rows[0]?.got === true) return client;
		await client.end();
		return "taken";
	} catch {
		await client.end().catch(() => {});
		return "away";
	}
}
