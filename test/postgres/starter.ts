import { type EmbeddedPostgres, joinEmbeddedPostgres, startEmbeddedPostgres } from "../../src/postgres/embedded.ts";

// A process that has the embedded Postgres for as long as its input stays open: node starter.js <data folder> server|command
const [, , dataDir = "", use] = process.argv;
const say = (said: object) => process.stdout.write(`${JSON.stringify(said)}\n`);

try {
	const postgres = use === "server" ? await startServer() : await joinEmbeddedPostgres({ dataDir });
	say({ url: postgres.url });
	process.stdin.resume().once("end", async () => {
		await postgres.stop();
		process.exit(0);
	});
} catch (error) {
	say({ refused: (error as Error).message });
	process.exit(1);
}

async function startServer(): Promise<EmbeddedPostgres> {
	const postgres = await startEmbeddedPostgres({ dataDir });
	void postgres.lost.then(async (lost) => {
		say({ lost });
		await postgres.stop();
		process.exit(1);
	});
	return postgres;
}
