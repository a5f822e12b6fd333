import { LOG_BYTES } from "./end-of-log.ts";

/** More of one text is not read: what it would take is not worth the end of it. */
const READ_BYTES = 50_000_000;

/** The end of a text that may be long, as much as is kept of a log. */
export async function lastBytes(response: Response): Promise<string> {
	let kept: Uint8Array[] = [];
	let size = 0;
	let read = 0;
	for await (const chunk of response.body ?? []) {
		kept.push(chunk);
		size += chunk.length;
		read += chunk.length;
		if (size > 2 * LOG_BYTES) {
			kept = [Buffer.concat(kept).subarray(-LOG_BYTES)];
			size = LOG_BYTES;
		}
		if (read > READ_BYTES) break;
	}
	return Buffer.concat(kept).subarray(-LOG_BYTES).toString("utf8");
}
