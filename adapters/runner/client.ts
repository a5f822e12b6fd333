import { setTimeout as sleep } from "node:timers/promises";
import axios, { type AxiosInstance, type AxiosResponse, isAxiosError } from "axios";
import type { z } from "zod";
import { type Beat, Beaten, type Claim, type Finish, type Lines, Work } from "../../src/ports/runner-protocol.ts";

/** The server gave the work up, or gave it to another runner: stop at once. */
export class LeaseLost extends Error {}
/** The token is wrong, revoked, or not allowed to run work: trying again is of no use. */
export class TokenRefused extends Error {}
/** Not reached, or overloaded: the same try is worth repeating. */
export class ServerUnavailable extends Error {}

const REQUEST_WITHIN_MS = 15_000;
const ANSWER_BYTES = 1_000_000;
const REQUEST_BYTES = 10_000_000;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/** The runner's side of src/ports/runner-protocol.ts. No error of it carries the token. */
export class RunnerClient {
	readonly #http: AxiosInstance;
	readonly #base: string;

	constructor(options: { readonly url: string; readonly token: string }) {
		this.#base = `${options.url.replace(/\/+$/, "")}/api/v1/runner`;
		this.#http = axios.create({
			headers: { authorization: `Bearer ${options.token}` },
			maxContentLength: ANSWER_BYTES,
			maxBodyLength: REQUEST_BYTES,
			// The token is for this server alone.
			maxRedirects: 0,
			validateStatus: () => true,
		});
	}

	/** One try. null: there was no work for us. */
	async claim(claim: Claim, signal: AbortSignal): Promise<Work | null> {
		const answer = await this.#post("claim", claim, signal, claim.waitSeconds * 1_000 + REQUEST_WITHIN_MS);
		return answer.status === 204 ? null : read(Work, answer);
	}

	/** One try. */
	async heartbeat(jobId: string, beat: Beat, signal: AbortSignal, timeoutMs: number): Promise<Beaten> {
		return read(Beaten, await this.#post(`work/${jobId}/heartbeat`, beat, signal, timeoutMs));
	}

	/** Tries again until it is taken, refused, or the signal says that there is no point any more. */
	async log(jobId: string, lines: Lines, signal: AbortSignal): Promise<void> {
		await persistently(() => this.#post(`work/${jobId}/log`, lines, signal, REQUEST_WITHIN_MS), signal);
	}

	/** As `log`. */
	async finish(jobId: string, finish: Finish, signal: AbortSignal): Promise<void> {
		await persistently(() => this.#post(`work/${jobId}/finish`, finish, signal, REQUEST_WITHIN_MS), signal);
	}

	async #post(path: string, body: object, signal: AbortSignal, timeoutMs: number): Promise<AxiosResponse<unknown>> {
		const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
		const answer = await this.#http.post<unknown>(`${this.#base}/${path}`, body, { signal: limit }).catch((error) => {
			// Not the error itself: it holds the request's headers.
			const code = isAxiosError(error) ? error.code : undefined;
			throw new ServerUnavailable(`The server cannot be reached (${code ?? "no answer"}).`);
		});
		throwUnlessTaken(answer);
		return answer;
	}
}

function throwUnlessTaken({ status }: AxiosResponse<unknown>): void {
	if (status >= 200 && status < 300) return;
	if (status === 401)
		throw new TokenRefused("The server does not know the token (401): make one with `draven token create`.");
	if (status === 403)
		throw new TokenRefused("The token may not run work (403): make one for runners with `draven token create`.");
	if (status === 409) throw new LeaseLost("The server gave this work up.");
	if (status === 408 || status === 429 || status >= 500) throw new ServerUnavailable(`The server answered ${status}.`);
	throw new Error(`The server answered ${status}, which DRAVEN does not: is the --url right?`);
}

function read<T>(schema: z.ZodType<T>, answer: AxiosResponse<unknown>): T {
	const parsed = schema.safeParse(answer.data);
	if (!parsed.success)
		throw new Error("The server's answer is not DRAVEN's: is the --url right, and the version the same?");
	return parsed.data;
}

async function persistently<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
	for (let failures = 0; ; failures++) {
		try {
			return await attempt();
		} catch (error) {
			if (!(error instanceof ServerUnavailable) || signal.aborted) throw error;
			await pause(failures, signal);
		}
	}
}

/** Waits longer after each failure, never in step with other runners. Returns early when the signal is aborted. */
export async function pause(failures: number, signal: AbortSignal): Promise<void> {
	const ms = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures) * (0.5 + Math.random() / 2);
	await sleep(ms, undefined, { signal }).catch(() => undefined);
}
