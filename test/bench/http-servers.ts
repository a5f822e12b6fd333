import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ServerKind } from "./http-server.ts";

/** The servers of a comparison, each in a process of its own: the one that is not at work costs nothing. */
export async function startServers<K extends ServerKind>(
	kinds: readonly K[],
	databaseUrl: string,
): Promise<{ ports: Record<K, number>; stop(): Promise<void> }> {
	const program = fileURLToPath(new URL("./http-server.js", import.meta.url));
	const children = kinds.map((kind) =>
		fork(program, [kind], { env: { ...process.env, BENCH_DATABASE_URL: databaseUrl } }),
	);
	const ports = {} as Record<K, number>;
	for (const [index, child] of children.entries()) {
		const [message] = await Promise.race([
			once(child, "message"),
			once(child, "exit").then(([code]) => {
				throw new Error(`the server of the bench ended with ${code}`);
			}),
		]);
		const kind = kinds[index];
		if (kind !== undefined) ports[kind] = (message as { port: number }).port;
	}
	return {
		ports,
		async stop() {
			await Promise.all(
				children.map((child) => {
					const ended = once(child, "exit");
					child.disconnect();
					return ended;
				}),
			);
		},
	};
}
