import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startEmbeddedPostgres } from "../../src/postgres/embedded.ts";
import { benchAuditVerify } from "./audit-verify.ts";
import { benchGovernedRequest } from "./governed-request.ts";
import { benchGrowth } from "./growth.ts";
import { benchPageGrowth } from "./page-growth.ts";
import { type Figure, judge, table } from "./report.ts";
import { query } from "./setting.ts";
import { benchSlackAck } from "./slack-ack.ts";
import { benchStartOfAJob } from "./start-of-a-job.ts";
import { benchWebhooks } from "./webhooks.ts";

const PARTS: Readonly<Record<string, (server: string) => Promise<Figure[]>>> = {
	request: benchGovernedRequest,
	ack: benchSlackAck,
	webhooks: benchWebhooks,
	jobs: benchStartOfAJob,
	audit: benchAuditVerify,
	growth: benchGrowth,
	pages: benchPageGrowth,
};

const { values } = parseArgs({ options: { only: { type: "string", multiple: true }, json: { type: "boolean" } } });
const chosen = values.only ?? Object.keys(PARTS);
const unknown = chosen.find((name) => !Object.hasOwn(PARTS, name));
if (unknown !== undefined) {
	console.error(`There is no part "${unknown}": it is one of ${Object.keys(PARTS).join(", ")}.`);
	process.exit(2);
}

const figures: Figure[] = [];
const dataDir = await mkdtemp(join(tmpdir(), "draven-bench-"));
// As a user has it: nothing is traded for speed.
const postgres = await startEmbeddedPostgres({ dataDir });
const clear = async () => {
	await postgres.stop();
	await rm(dataDir, { recursive: true, force: true });
};
process.once("SIGINT", () => {
	// What is under way fails now, and nobody asks for it any more.
	process.on("uncaughtException", () => {});
	void clear().finally(() => process.exit(130));
});
try {
	const version: string = (await query(postgres.url, "SHOW server_version")).rows[0].server_version;
	const machine = { node: process.version, postgres: version, cpu: cpus()[0]?.model ?? "?", cores: cpus().length };
	console.error(`Node ${machine.node}, Postgres ${machine.postgres}, ${machine.cores} x ${machine.cpu}`);
	for (const name of chosen) {
		console.error(`${name} …`);
		figures.push(...((await PARTS[name]?.(postgres.url)) ?? []));
	}
	const judged = figures.map((figure) => ({ ...figure, judgement: judge(figure) }));
	console.log(values.json === true ? JSON.stringify({ machine, figures: judged }, null, "\t") : table(figures));
} finally {
	await clear();
}
process.exitCode = figures.some((figure) => judge(figure) === "MISSED") ? 1 : 0;
