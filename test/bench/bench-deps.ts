import { pino } from "pino";
import type { DataSource } from "typeorm";
import type { Deps } from "../../src/deps.ts";
import { makeSecretBox } from "../../src/store/secret-box.ts";

/** What the hot paths are given: the database, and neighbours that are never asked. */
export function benchDeps(db: DataSource): Deps {
	return {
		...{ db, box: makeSecretBox([Buffer.alloc(32, 1)]), auditKey: Buffer.alloc(32, 2), chats: {}, groups: {} },
		secretsOf: () => [],
		checkupOf: () => null,
		pipelineOf: () => {
			throw new Error("no pipeline takes part in a bench");
		},
		...{ now: () => new Date(), log: pino({ level: "silent" }), wake: () => {}, forgetPeople: () => {} },
		...{ publicUrl: "http://127.0.0.1", localMode: false, pollIntervalSeconds: 30 },
	};
}
