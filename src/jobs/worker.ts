import type { Deps } from "../deps.ts";
import { VendorError } from "../ports/vendor-error.ts";
import {
	bury,
	claim,
	enqueue,
	finish,
	type Job,
	type JobDraft,
	type JobKind,
	leaveOrder,
	postpone,
	renew,
} from "../store/jobs.ts";

/** What a handler says of a job: it is done, or it shall be looked at again (which is no failure). */
export type Handled = "done" | { readonly again: Date };

export type Handler = (job: Job) => Promise<Handled>;

export interface Handlers {
	readonly handle: Readonly<Record<JobKind, Handler>>;
	/** What follows from giving a job up, so that somebody hears of it; written with it, all or nothing. */
	readonly gaveUp: (job: Job, error: unknown) => Promise<readonly JobDraft[]>;
}

export interface WorkerOptions {
	/** A job whose worker died is taken again after this time, ms; a worker that lives renews it. */
	readonly leaseMs?: number;
	/** How often to look when nobody wakes us, ms. */
	readonly pollMs?: number;
	/** Jobs at work at the same time. */
	readonly concurrency?: number;
}

export interface Worker {
	/** Look now: something was committed. */
	wake(): void;
	/** Takes no more jobs and waits for those at work. */
	stop(): Promise<void>;
}

/** Tries of a job that fails for no known reason before it is given up. */
const MAX_BUG_TRIES = 8;
/** The same where a person waits for an answer: about a quarter of a minute. */
const MAX_BUG_TRIES_OF_REQUEST = 5;
/** What people of a chat asked for, whichever chat. */
const REQUESTS: ReadonlySet<JobKind> = new Set(["slack_in", "teams_in"]);
/** From so many on a job is suspected: before that it may have been any of those that were at work together. */
const SUSPECT_DEATHS = 3;
/** Workers that died at a job, one after the other, before it is given up: enough for a bad day of the machine. */
const MAX_DEATHS = 10;
/** Tries of a job whose neighbour is not there; with the back-off below about six hours. */
const MAX_PASSING_TRIES = 80;
/** For about a minute an answer holds up those after it, to the same person. */
const TRIES_IN_TURN = 6;
/** What a neighbour asks to wait with, a second at a time in a crowd, is given up when it is this old, and not before. */
const WAITS_MS = 6 * 3_600_000;
/** What the life of a run hangs on comes again for as long as its run is not over: given up, it would hold the environment's lock for ever. */
const NEVER_GIVEN_UP: ReadonlySet<JobKind> = new Set([
	"dispatch",
	"trigger",
	"cancel",
	"poll",
	"deadline",
	"lock_expiry",
	"checkpoint",
	"clean_up",
]);

/** One slow job holds its own place and no other: the loop goes on taking jobs for the places that are free. */
export function startWorker(deps: Deps, handlers: Handlers, options: WorkerOptions = {}): Worker {
	const { leaseMs = 30_000, pollMs = 400, concurrency = 40 } = options;
	const atWork = new Set<Promise<void>>();
	let suspects: Promise<void> = Promise.resolve();
	let stopping = false;
	let woken = false;
	let rouse: () => void = () => {};

	function wake(): void {
		woken = true;
		rouse();
	}

	function start(job: Job): void {
		const beat = setInterval(() => {
			renew(deps.db, job, new Date(deps.now().getTime() + leaseMs)).catch(() => {});
		}, leaseMs / 3);
		// What a worker died of may die again: one of these at a time, so that the others are not taken for it.
		const suspected = isSuspect(job);
		const turn = suspected ? suspects : Promise.resolve();
		const done = turn.then(() => carryOut(deps, handlers, job));
		if (suspected) suspects = done;
		const work = done.finally(() => {
			clearInterval(beat);
			atWork.delete(work);
			// The next message of its run, or the job that it left for later, may go now.
			wake();
		});
		atWork.add(work);
	}

	async function loop(): Promise<void> {
		while (!stopping) {
			woken = false;
			try {
				const free = concurrency - atWork.size;
				const jobs = free > 0 ? await claim(deps.db, free, leaseMs, deps.now()) : [];
				for (const job of suspectsShuffled(jobs)) start(job);
			} catch (error) {
				// The database is away for a moment: nothing is lost, the jobs are in it.
				deps.log.error({ err: error }, "jobs could not be taken");
			}
			if (!woken && !stopping) await rest();
		}
		await Promise.all(atWork);
	}

	function rest(): Promise<void> {
		return new Promise((resolve) => {
			const timer = setTimeout(() => rouse(), pollMs);
			rouse = () => {
				clearTimeout(timer);
				rouse = () => {};
				resolve();
			};
		});
	}

	const running = loop();
	return {
		wake,
		async stop() {
			stopping = true;
			wake();
			await running;
		},
	};
}

/** What a run's life hangs on waits for no other: a cancel behind twenty messages comes too late. */
function isSuspect({ kind, deaths }: Job): boolean {
	return deaths >= SUSPECT_DEATHS && !NEVER_GIVEN_UP.has(kind);
}

/** Nobody knows which of those that were at work together it was: each goes first at some time. */
function suspectsShuffled(jobs: readonly Job[]): Job[] {
	const order = new Map(jobs.map((job) => [job, isSuspect(job) ? Math.random() : 0]));
	return jobs.toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
}

class DeadlyJob extends Error {
	constructor({ deaths }: Job) {
		super(`The worker died at it, or was away past its lease, ${deaths} times one after the other.`);
	}
}

/** Does one job and writes what became of it, under its lease: a worker that was paused past its lease writes nothing. */
export async function carryOut(deps: Deps, handlers: Handlers, job: Job): Promise<void> {
	try {
		if (job.deaths >= MAX_DEATHS) {
			if (!NEVER_GIVEN_UP.has(job.kind)) throw new DeadlyJob(job);
			// It may end this process too: then not again and again at the pace of its lease.
			await renew(deps.db, job, new Date(deps.now().getTime() + backOff(job.deaths, null)));
		}
		const handled = await handlers.handle[job.kind](job);
		if (handled === "done") await finish(deps.db, job, deps.now());
		else await postpone(deps.db, job, handled.again, null);
	} catch (error) {
		await failed(deps, handlers, job, error).catch((again) =>
			deps.log.error(
				{ job: job.id, err: again },
				"what became of a job could not be written: it is done again after its lease",
			),
		);
	}
}

async function failed(deps: Deps, handlers: Handlers, job: Job, error: unknown): Promise<void> {
	const why = error instanceof Error ? error.message : String(error);
	const vendor = error instanceof VendorError ? error : null;
	deps.log.warn({ job: job.id, kind: job.kind, attempt: job.attempts, err: error }, "a job failed");
	if (error instanceof DeadlyJob || isHopeless(job, vendor, deps.now())) {
		const told = await handlers.gaveUp(job, error);
		await deps.db.transaction(async (tx) => {
			if (await bury(tx, job, why, deps.now())) for (const draft of told) await enqueue(tx, draft, deps.now());
		});
		deps.wake();
		return;
	}
	// It may be this very answer that Teams stumbles over: the person shall hear of what else they asked.
	if (job.kind === "teams_answer" && vendor?.kind === "unavailable" && job.attempts >= TRIES_IN_TURN)
		await leaveOrder(deps.db, job);
	await postpone(deps.db, job, new Date(deps.now().getTime() + backOff(job.attempts, vendor?.retryAfter ?? null)), why);
}

/** Messages wait for an admin who mends the chat's token or scopes: what happened in the meantime is told all the same. */
const MESSAGES: ReadonlySet<JobKind> = new Set(["card", "thread", "progress", "notice", "tell", "teams_answer"]);

function isHopeless({ kind, attempts, createdAt }: Job, vendor: VendorError | null, now: Date): boolean {
	if (attempts < triesOf(kind, vendor)) return false;
	return vendor?.kind !== "rate_limited" || now.getTime() - createdAt.getTime() > WAITS_MS;
}

function triesOf(kind: JobKind, vendor: VendorError | null): number {
	if (NEVER_GIVEN_UP.has(kind)) return Number.POSITIVE_INFINITY;
	if (vendor === null) return REQUESTS.has(kind) ? MAX_BUG_TRIES_OF_REQUEST : MAX_BUG_TRIES;
	const passes = vendor.passing || (vendor.kind === "unauthorized" && MESSAGES.has(kind));
	return passes ? MAX_PASSING_TRIES : 1;
}

/** 1 s, 2 s, 4 s … 5 minutes, spread so that a crowd does not come back at once; or what the neighbour asked for. */
function backOff(attempts: number, retryAfter: number | null): number {
	if (retryAfter !== null) return retryAfter * 1_000 + Math.random() * 250;
	return Math.min(1_000 * 2 ** Math.min(attempts - 1, 10), 300_000) * (0.8 + Math.random() * 0.4);
}
