import { EARLIER_LEFT_OUT } from "../../src/core/log-cut.ts";
import { LOG_BYTES } from "./end-of-log.ts";

/** More of one text is not read: what it would take is not worth the end of it. */
const READ_BYTES = 50_000_000;

/** The end of a text that may be long, as much as is kept of a log, from where a line begins: half a secret is not known as one. */
export async function lastBytes(response: Response): Promise<string> {
	let kept: Uint8Array[] = [];
	let size = 0;
	let read = 0;
	let isCut = false;
	const shorten = () => {
		isCut ||= size > LOG_BYTES;
		kept = [Buffer.concat(kept).subarray(-LOG_BYTES)];
		size = kept[0]?.length ?? 0;
	};
	for await (const chunk of response.body ?? []) {
		kept.push(chunk);
		size += chunk.length;
		read += chunk.length;
		if (size > 2 * LOG_BYTES) shorten();
		if (read > READ_BYTES) break;
	}
	shorten();
	const text = Buffer.concat(kept).toString("utf8");
	return isCut ? fromWholeLine(text) : text;
}

/** Without the line in whose middle a text may begin, and with one that says that something is missing there. */
export function fromWholeLine(text: string): string {
	const end = text.indexOf("\n");
	return `${EARLIER_LEFT_OUT}\n${end < 0 ? "" : text.slice(end + 1)}`;
}
