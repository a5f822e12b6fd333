import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Beat, Claim, Finish, Lines, type Work } from "../../src/ports/runner-protocol.ts";

/** One piece of work as the server knows it. */
export interface FakeWork {
	work: Work;
	claimedBy: string | null;
	beats: number;
	cancel: boolean;
	/** The server gave it up: everything about it is answered with 409. */
	lost: boolean;
	lines: string[];
	/** How many posted lines were dropped as already stored. */
	doubles: number;
	/** What each post of lines held. */
	batches: number[];
	finish: Finish | null;
}

type Path = "claim" | "heartbeat" | "log" | "finish";

/** The server's half of src/ports/runner-protocol.ts, over real HTTP, with the troubles that a real network has. */
export class FakeRunnerServer {
	readonly token = `runner-${randomUUID()}`;
	readonly works = new Map<string, FakeWork>();
	readonly claims: Claim[] = [];
	/** Connections are cut before anything is read. */
	down = false;
	/** How many requests of a path still take effect but get no answer. */
	readonly answersToDrop: Record<Path, number> = { claim: 0, heartbeat: 0, log: 0, finish: 0 };
	/** How many requests of a path are still answered with 503, without effect. */
	readonly answersToFail: Record<Path, number> = { claim: 0, heartbeat: 0, log: 0, finish: 0 };
	readonly #server: Server;
	readonly #watchers = new Set<() => void>();

	private constructor() {
		this.#server = createServer((request, response) => {
			this.#answer(request, response).catch((error) => response.destroy(error));
		});
	}

	static async start(): Promise<FakeRunnerServer> {
		const fake = new FakeRunnerServer();
		fake.#server.listen(0, "127.0.0.1");
		await once(fake.#server, "listening");
		return fake;
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	offer(work: Partial<Work> & Pick<Work, "repository" | "sha">): FakeWork {
		const jobId = work.jobId ?? randomUUID();
		const entry: FakeWork = {
			work: {
				jobId,
				lease: 1,
				leaseSeconds: 30,
				entrypoint: "deploy/run.sh",
				variables: { JOB_ID: jobId, ENV: "stage", REF: "main", SHA: work.sha, TYPE: "deploy" },
				timeoutSeconds: 60,
				...work,
			},
			claimedBy: null,
			beats: 0,
			cancel: false,
			lost: false,
			lines: [],
			doubles: 0,
			batches: [],
			finish: null,
		};
		this.works.set(jobId, entry);
		this.#changed();
		return entry;
	}

	/** As after a claim that nobody confirmed: the same work, under a new lease. */
	offerAgain(entry: FakeWork): void {
		entry.work = { ...entry.work, lease: entry.work.lease + 1 };
		entry.claimedBy = null;
		this.#changed();
	}

	/** Resolves as soon as it holds; looks whenever something happened here. The test's own time-out is the limit. */
	async until(holds: () => boolean): Promise<void> {
		if (holds()) return;
		await new Promise<void>((resolve) => {
			const watcher = () => {
				if (!holds()) return;
				this.#watchers.delete(watcher);
				resolve();
			};
			this.#watchers.add(watcher);
		});
	}

	async close(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		if (this.down) return this.#cut(response);
		const [, jobId, action] = /^\/api\/v1\/runner\/(?:claim|work\/([0-9a-f-]+)\/(\w+))$/.exec(request.url ?? "") ?? [];
		const path = (action ?? "claim") as Path;
		if (request.method !== "POST" || !(path in this.answersToDrop)) return send(response, 404);
		if (request.headers.authorization !== `Bearer ${this.token}`) return send(response, 401);
		const body = await bodyOf(request);
		if (this.answersToFail[path] > 0) {
			this.answersToFail[path] -= 1;
			return send(response, 503);
		}
		const [status, answer] = path === "claim" ? await this.#claim(body, response) : this.#work(jobId, path, body);
		this.#changed();
		if (this.down) return this.#cut(response);
		if (this.answersToDrop[path] > 0) {
			this.answersToDrop[path] -= 1;
			return this.#cut(response);
		}
		send(response, status, answer);
	}

	#cut(response: ServerResponse): void {
		response.destroy();
		this.#changed();
	}

	async #claim(body: unknown, response: ServerResponse): Promise<[number, Work?]> {
		const claim = Claim.parse(body);
		this.claims.push(claim);
		const free = () => [...this.works.values()].find((each) => each.claimedBy === null && !each.finish);
		let gone = false;
		response.once("close", () => {
			gone = true;
			this.#changed();
		});
		let late = false;
		const timer = setTimeout(() => {
			late = true;
			this.#changed();
		}, claim.waitSeconds * 1_000);
		this.#changed();
		await this.until(() => free() !== undefined || late || gone || this.down);
		clearTimeout(timer);
		const found = gone || this.down ? undefined : free();
		if (!found) return [204];
		found.claimedBy = claim.runner;
		return [200, found.work];
	}

	#work(jobId: string | undefined, path: Exclude<Path, "claim">, body: unknown): [number, object?] {
		const entry = this.works.get(jobId ?? "");
		const stale = (lease: number) => !entry || entry.lost || lease !== entry.work.lease;
		switch (path) {
			case "heartbeat": {
				if (!entry || stale(Beat.parse(body).lease)) return [409];
				entry.beats += 1;
				return [200, { cancel: entry.cancel }];
			}
			case "log": {
				const { lease, from, lines } = Lines.parse(body);
				if (!entry || stale(lease)) return [409];
				const fresh = lines.slice(Math.max(0, entry.lines.length - from));
				entry.lines.push(...fresh);
				entry.doubles += lines.length - fresh.length;
				entry.batches.push(lines.length);
				return [204];
			}
			case "finish": {
				const finish = Finish.parse(body);
				if (!entry || stale(finish.lease)) return [409];
				entry.finish ??= finish;
				return [204];
			}
			default:
				return path satisfies never;
		}
	}

	#changed(): void {
		for (const watcher of [...this.#watchers]) watcher();
	}
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

function send(response: ServerResponse, status: number, answer?: object): void {
	response.writeHead(status, { "content-type": "application/json" });
	response.end(answer === undefined ? undefined : JSON.stringify(answer));
}
