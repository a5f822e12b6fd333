import { request as plainRequest } from "node:http";
import { Agent, request as secureRequest } from "node:https";
import type { Readable } from "node:stream";
import { createUnzip } from "node:zlib";
import { type AddressRule, checkedLookup, checkHost, type Lookup } from "./check-address.ts";

/** Its connections are not kept, so that each one is checked; its TLS sessions are. */
const secureAgent = new Agent({ keepAlive: false });

/** As fetch, without following redirects, to none but addresses that may be called: each connection is checked while it is made. */
export async function checkedFetch(
	url: URL,
	{ signal, ...init }: RequestInit,
	rule: AddressRule,
	lookup?: Lookup,
): Promise<Response> {
	checkHost(rule, url.hostname);
	const request = new Request(url, init);
	const body = Buffer.from(await request.arrayBuffer());
	const options = {
		method: request.method,
		headers: {
			accept: "*/*",
			"accept-encoding": "gzip, deflate",
			"user-agent": "draven",
			...Object.fromEntries(request.headers),
		},
		lookup: checkedLookup(rule, lookup),
		...(signal ? { signal } : {}),
	};
	return new Promise((resolve, reject) => {
		const sent =
			url.protocol === "https:"
				? secureRequest(url, { ...options, agent: secureAgent })
				: plainRequest(url, { ...options, agent: false });
		// The whole exchange has an end by the caller's signal, which says more than the connection that it breaks.
		sent.on("error", (error) => reject(signal?.aborted === true ? signal.reason : error));
		sent.on("response", (answer) => {
			const status = answer.statusCode ?? 0;
			const headers = new Headers();
			for (const [name, values] of Object.entries(answer.headersDistinct))
				for (const value of values ?? []) headers.append(name, value);
			const isEmpty = [101, 204, 205, 304].includes(status) || request.method === "HEAD";
			if (isEmpty) answer.resume();
			try {
				resolve(new Response(isEmpty ? null : readable(unzipped(answer, headers)), { status, headers }));
			} catch (error) {
				answer.destroy();
				reject(error);
			}
		});
		sent.end(body);
	});
}

function unzipped(answer: Readable, headers: Headers): Readable {
	if (!/^(x-)?(gzip|deflate)$/.test(headers.get("content-encoding") ?? "")) return answer;
	const unzip = createUnzip();
	answer.on("error", (error) => unzip.destroy(error));
	unzip.on("close", () => answer.destroy());
	return answer.pipe(unzip);
}

function readable(stream: Readable): ReadableStream<Uint8Array<ArrayBuffer>> {
	// Told by the next read; nobody may be reading yet.
	stream.on("error", () => {});
	const chunks: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
	return new ReadableStream({
		async pull(controller) {
			const chunk = await chunks.next();
			if (chunk.done === true) controller.close();
			else controller.enqueue(new Uint8Array(chunk.value));
		},
		async cancel() {
			stream.destroy();
		},
	});
}
