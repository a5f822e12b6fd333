import { startTestCluster } from "./cluster.ts";

declare global {
	var stopTestCluster: (() => Promise<void>) | undefined;
}

/** One Postgres for the whole run. */
export default async function setup(): Promise<void> {
	const cluster = await startTestCluster(process.env["TEST_DATABASE_URL"]);
	process.env["DRAVEN_TEST_CLUSTER"] = cluster.url;
	globalThis.stopTestCluster = cluster.stop;
}
