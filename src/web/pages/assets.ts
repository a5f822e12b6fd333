import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";

const TYPES = { css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8" } as const;
const OURS = fileURLToPath(new URL("../../../../src/web/pages/assets/", import.meta.url));
const require = createRequire(import.meta.url);

interface Asset {
	/** Named by its content, so that it can be kept for ever. */
	readonly url: string;
	readonly type: string;
	readonly body: Buffer;
}

function asset(name: string, path: string): Asset {
	const body = readFileSync(path);
	const [stem, ending] = name.split(".") as [string, keyof typeof TYPES];
	const hash = createHash("sha256").update(body).digest("hex").slice(0, 12);
	return { url: `/assets/${stem}-${hash}.${ending}`, type: TYPES[ending], body };
}

/** The few files that the page loads: from our own host, read once. */
export const ASSETS = {
	style: asset("app.css", join(OURS, "app.css")),
	script: asset("app.js", join(OURS, "app.js")),
	log: asset("log.js", join(OURS, "log.js")),
	htmx: asset("htmx.js", join(dirname(require.resolve("htmx.org")), "htmx.min.js")),
	chart: asset("chart.js", join(dirname(require.resolve("chart.js")), "chart.umd.min.js")),
} as const;

export function addAssets(app: FastifyInstance): void {
	for (const { url, type, body } of Object.values(ASSETS))
		app.get(url, async (_request, reply) =>
			reply.headers({ "content-type": type, "cache-control": "public, max-age=31536000, immutable" }).send(body),
		);
}
