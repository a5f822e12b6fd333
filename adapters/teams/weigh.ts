/**
 * What a part of a message takes of its room, in letters of UTF-16. Microsoft says that it counts those, but what goes over the wire is
 * UTF-8, where letters of many scripts take three bytes: whichever is more counts.
 */
export function weigh(part: unknown): number {
	const json = JSON.stringify(part);
	return Math.max(json.length, Math.ceil(Buffer.byteLength(json) / 2));
}
