import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isEnd } from "../../core/run.ts";
import { linesFrom } from "../../store/run-log.ts";
import { findRun } from "../api/find-run.ts";
import { followLog } from "../api/follow-log.ts";
import { makeSeats, type Seats } from "../api/seats.ts";
import type { AppContext } from "../app.ts";
import { sessionCookie } from "./cookies.ts";
import { Changes } from "./events.ts";
import { linesEvent } from "./lines-event.tsx";
import { alone, whoLooks } from "./page.tsx";

const MOST_WATCHERS = 500;
/** Each looks into the database twice a second. */
const MOST_READERS = 200;
/** A browser opens no more to one host. */
const MOST_OF_ONE_PERSON = 6;
/** So soon whoever is signed out, or may look no more, is told nothing more. Looking at a session so does not keep it alive. */
const LOOK_EVERY_MS = 5_000;

/** What is no page: the events that pages follow, and a log as a whole. */
export function addStreams(app: FastifyInstance, { deps, closing }: AppContext): void {
	const read = sessionCookie(deps.publicUrl).read;
	const changes = new Changes(deps);
	const watchers = makeSeats(MOST_WATCHERS, MOST_OF_ONE_PERSON);

	const readers = makeSeats(MOST_READERS, MOST_OF_ONE_PERSON);

	/** Server-sent events for whoever is signed in, as long as they are and a seat is theirs. */
	async function events(
		request: FastifyRequest,
		reply: FastifyReply,
		seats: Seats,
		make: (gone: AbortSignal) => AsyncIterable<string>,
	): Promise<FastifyReply> {
		const plain = read(request);
		const person = await whoLooks(deps, plain);
		if (person === null) return reply.code(401).send();
		const gone = new AbortController();
		if (!seats.take(person, gone.signal)) return reply.code(429).header("retry-after", "30").send();
		const end = () => gone.abort();
		const timer = setInterval(async () => {
			// A database that cannot be asked says nothing about anybody, nor would anything be told.
			if ((await whoLooks(deps, plain).catch(() => person)) === null) end();
		}, LOOK_EVERY_MS).unref();
		gone.signal.addEventListener("abort", () => {
			clearInterval(timer);
			closing.removeEventListener("abort", end);
		});
		closing.addEventListener("abort", end);
		reply.raw.once("close", end);
		if (reply.raw.closed || closing.aborted) end();
		return reply
			.headers({ "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" })
			.send(Readable.from(make(gone.signal)));
	}

	app.get<{ Querystring: { since?: unknown } }>("/events", (request, reply) => {
		// What a browser that was cut off had last counts more than what its page began with.
		const since = markIn(request.headers["last-event-id"]) ?? markIn(request.query.since);
		return events(request, reply, watchers, (gone) => changes.follow(since, gone));
	});

	app.get<{ Params: { run: string }; Querystring: { from?: string } }>(
		"/runs/:run/log/events",
		async (request, reply) => {
			// What a browser that was cut off had last counts more than what its page began with.
			const last = request.headers["last-event-id"];
			const from = numberIn(last) === null ? (numberIn(request.query.from) ?? 0) : (numberIn(last) ?? 0) + 1;
			if ((await whoLooks(deps, read(request))) === null) return reply.code(401).send();
			const found = await findRun(deps, request.params.run);
			if (!found.ok) return reply.code(404).send();
			const { id } = found.value;
			return events(request, reply, readers, (gone) => followLog(deps, id, from, gone, linesEvent));
		},
	);

	app.get<{ Params: { run: string } }>("/runs/:run/log.txt", async (request, reply) => {
		if ((await whoLooks(deps, read(request))) === null) return reply.redirect("/sign-in", 303);
		const found = await findRun(deps, request.params.run);
		if (!found.ok) return alone(reply, 404, "There is nothing here", found.refusal.message);
		const { id, progress } = found.value;
		reply.header("content-type", "text/plain; charset=utf-8");
		return reply.send(Readable.from(wholeLog()));

		async function* wholeLog(): AsyncGenerator<string> {
			for (let from = 0; ; ) {
				const lines = await linesFrom(deps.db, id, from, 1_000);
				if (lines.length === 0) break;
				yield lines.map(({ line }) => `${line}\n`).join("");
				from = (lines.at(-1)?.n ?? from) + 1;
			}
			if (!isEnd(progress.state)) yield "… it is still at work\n";
		}
	});
}

function markIn(text: unknown): string | null {
	return typeof text === "string" && /^\d{1,30}\.\d{1,15}$/.test(text) ? text : null;
}

function numberIn(text: unknown): number | null {
	return typeof text === "string" && /^\d{1,9}$/.test(text) ? Number(text) : null;
}
