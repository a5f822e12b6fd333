import type { IncomingMessage } from "node:http";

/** The raw bytes of a request; "too_large" as soon as that is known. Throws when the sender goes away. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | "too_large"> {
	if (Number(request.headers["content-length"] ?? 0) > limit) return "too_large";
	return new Promise((resolve, reject) => {
		const chunks: Buffer[] = [];
		let size = 0;
		request.on("data", (chunk: Buffer) => {
			size += chunk.length;
			if (size > limit) {
				request.pause();
				resolve("too_large");
			} else chunks.push(chunk);
		});
		request.once("end", () => resolve(Buffer.concat(chunks, size)));
		request.once("error", reject);
		// It comes after a whole request too: an error made for nothing each time was a twentieth of a webhook.
		request.once("close", () => {
			if (!request.complete) reject(new Error("the sender went away"));
		});
	});
}
