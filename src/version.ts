import { readFileSync } from "node:fs";

/** What package.json says; it lies beside the build, in the repository as in the image. */
export function version(): string {
	const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
	return (JSON.parse(text) as { version: string }).version;
}
