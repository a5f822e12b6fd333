import type { IncomingMessage } from "node:http";
import type { BytesInFlight } from "./bytes-in-flight.ts";

/**
 * The raw bytes of a request, which are then taken from `inFlight`: whoever reads gives them back. "too_large" as soon as that is
 * known; "busy" when all requests together hold too much. Throws when the sender goes away.
 */
export async function readBody(
	request: IncomingMessage,
	limit: number,
	inFlight: BytesInFlight,
): Promise<Buffer | "too_large" | "busy"> {
	if (Number(request.headers["content-length"] ?? 0) > limit) return "too_large";
	return new Promise((resolve, reject) => {
		let chunks: Buffer[] = [];
		let size = 0;
		let over = false;
		const stop = () => {
			over = true;
			chunks = [];
			inFlight.give(size);
		};
		request.on("data", (chunk: Buffer) => {
			if (over) return;
			const why = size + chunk.length > limit ? "too_large" : inFlight.take(chunk.length) ? null : "busy";
			if (why === null) {
				size += chunk.length;
				chunks.push(chunk);
				return;
			}
			request.pause();
			stop();
			resolve(why);
		});
		request.once("end", () => {
			if (over) return;
			over = true;
			resolve(Buffer.concat(chunks, size));
		});
		request.once("error", reject);
		// It comes after a whole request too: an error made for nothing each time was a twentieth of a webhook.
		request.once("close", () => {
			if (over) return;
			stop();
			reject(new Error("the sender went away"));
		});
	});
}
