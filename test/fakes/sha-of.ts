import { createHash } from "node:crypto";

/** A SHA that is always the same for the same words. */
export function shaOf(words: string): string {
	return createHash("sha1").update(words).digest("hex");
}
