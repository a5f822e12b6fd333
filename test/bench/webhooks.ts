import { createHmac, randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { compareServers } from "./compare-servers.ts";
import { type MakeRequest, post } from "./http-load.ts";
import { SECRET } from "./http-server.ts";
import type { Figure } from "./report.ts";

/** Webhooks of 20 KB, verified and stored, against the same ones verified by Octokit's own receiver and forgotten. */
export const benchWebhooks = (server: string): Promise<Figure[]> =>
	compareServers(server, {
		...{ part: "webhooks", what: "stored 20 KB webhooks, of Octokit's receiver", floor: 60, goal: 85 },
		...{ kind: "octokit", name: "@octokit/webhooks", make: deliveries() },
	});

/** A recorded `workflow_run` of about 20 KB, each time of another run: none is a double of another. */
function deliveries(): MakeRequest {
	const recorded: { name: string; examples: { workflow_run: object }[] }[] = createRequire(import.meta.url)(
		"@octokit/webhooks-examples",
	);
	const payloads = recorded.find(({ name }) => name === "workflow_run")?.examples ?? [];
	const mark = "777777777777";
	const texts = payloads.map((one) =>
		JSON.stringify({ ...one, workflow_run: { ...one.workflow_run, id: Number(mark) } }),
	);
	const longest = texts.sort((a, b) => b.length - a.length)[0] ?? "";
	const [before = Buffer.alloc(0), after = Buffer.alloc(0)] = longest.split(mark).map((text) => Buffer.from(text));
	let id = 1_000_000_000;
	return () => {
		id += 1;
		const body = Buffer.concat([before, Buffer.from(String(id)), after]);
		const signature = createHmac("sha256", SECRET).update(body).digest("hex");
		const headers = {
			...{ "content-type": "application/json", "user-agent": "GitHub-Hookshot/044aadd" },
			...{ "x-github-event": "workflow_run", "x-github-delivery": randomUUID() },
			...{ "x-hub-signature-256": `sha256=${signature}` },
		};
		return post("/webhooks/github/acme-github", headers, body);
	};
}
