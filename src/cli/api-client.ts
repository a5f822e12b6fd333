import { randomUUID } from "node:crypto";
import axios, { type AxiosInstance, isAxiosError } from "axios";
import { z } from "zod";
import { RUN_STATES, type RunState } from "../core/run.ts";
import { Sentence } from "../sentence.ts";

const State = z.enum(RUN_STATES as [RunState, ...RunState[]]);
const Run = z.looseObject({ id: z.string(), number: z.number(), state: State, reason: z.string().nullable() });

const Said = z.object({
	outcome: z.enum(["done", "refused"]),
	code: z.string().nullable(),
	text: z.string(),
	card: z.array(z.looseObject({ kind: z.string() })),
	run: Run.nullable(),
});
export type Said = z.infer<typeof Said>;

const Story = z.object({
	items: z.array(z.object({ seq: z.number(), at: z.string(), text: z.string() })),
	run: Run,
	lockedBy: z.string().nullable(),
});
export type Story = z.infer<typeof Story>;

const Problem = z.object({ detail: z.string() });

const ANSWER_WITHIN_MS = 30_000;
const TRIES = 5;

/** The commands' side of the REST API. Throws Sentence with a sentence; it never carries the token. */
export class ApiClient {
	readonly #http: AxiosInstance;
	readonly #url: string;

	constructor({ url, token }: { readonly url: string; readonly token: string }) {
		this.#url = url.replace(/\/+$/, "");
		this.#http = axios.create({
			baseURL: `${this.#url}/api/v1`,
			timeout: ANSWER_WITHIN_MS,
			headers: { authorization: `Bearer ${token}` },
			maxContentLength: 10_000_000,
			// The token is for this server alone.
			maxRedirects: 0,
			validateStatus: () => true,
		});
	}

	/** Says it once, however often the connection breaks: the key makes the tries one request. */
	async say(text: string, as: string | undefined): Promise<Said> {
		const headers = { "idempotency-key": randomUUID() };
		return this.#ask(Said, "post", "/commands", { data: { text, as }, headers });
	}

	async story(runId: string, after: number): Promise<Story> {
		return this.#ask(Story, "get", `/runs/${runId}/story`, { params: { after } });
	}

	async #ask<T>(schema: z.ZodType<T>, method: "get" | "post", path: string, more: object): Promise<T> {
		for (let attempt = 1; ; attempt++) {
			try {
				const { status, data } = await this.#http.request<unknown>({ method, url: path, ...more });
				if (status >= 200 && status < 300) return this.#read(schema, data);
				const problem = Problem.safeParse(data);
				if (status < 500 || attempt >= TRIES)
					throw new Sentence(problem.data?.detail ?? `${this.#url} answered ${status}, which DRAVEN does not.`);
			} catch (error) {
				if (!isAxiosError(error)) throw error;
				// Nobody listens: trying again only keeps a person waiting.
				if (error.code === "ECONNREFUSED" || attempt >= TRIES)
					throw new Sentence(
						`No DRAVEN server answers at ${this.#url} (${error.code ?? "no answer"}): start one with \`npm start\`, or name another with --url.`,
					);
			}
			await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt));
		}
	}

	#read<T>(schema: z.ZodType<T>, data: unknown): T {
		const read = schema.safeParse(data);
		if (!read.success) throw new Sentence(`What answers at ${this.#url} is no DRAVEN server of this version.`);
		return read.data;
	}
}
