import { existsSync } from "node:fs";

/** Debian's Chromium, or the one that DRAVEN_CHROMIUM names; null: there is none here. */
export function chromiumPath(): string | null {
	return [process.env["DRAVEN_CHROMIUM"], "/usr/bin/chromium"].find((path) => path && existsSync(path)) ?? null;
}
