import { MIGRATIONS } from "../../migrations/index.ts";
import type { Sql } from "./runs.ts";

export type Readiness = { readonly ok: true } | { readonly ok: false; readonly why: string };

const ANSWER_WITHIN_MS = 1_500;
const NO_SUCH_TABLE = "42P01";

/**
 * Whether the database answers, soon, and has every migration of this version; `why` is one sentence. Those of a newer version do not
 * matter: while replicas are replaced one after the other the old ones go on. However often it is asked, one question is under way.
 */
export function readinessOf(sql: Sql, withinMs = ANSWER_WITHIN_MS): () => Promise<Readiness> {
	let asked: Promise<Readiness> | null = null;
	return async () => {
		asked ??= look(sql).finally(() => {
			asked = null;
		});
		return Promise.race([asked, afterMs(withinMs)]);
	};
}

async function look(sql: Sql): Promise<Readiness> {
	try {
		const rows: { name: string }[] = await sql.query("SELECT name FROM migrations");
		const applied = new Set(rows.map((row) => row.name));
		return missing(MIGRATIONS.map(({ name }) => name).filter((name) => !applied.has(name)));
	} catch (error) {
		if ((error as { code?: string }).code === NO_SUCH_TABLE) return missing(["every one"]);
		return { ok: false, why: "The database does not answer." };
	}
}

function missing(names: readonly string[]): Readiness {
	if (names.length === 0) return { ok: true };
	return { ok: false, why: `The database lacks migrations (${names.join(", ")}): run \`draven migrate\`.` };
}

function afterMs(ms: number): Promise<Readiness> {
	return new Promise((resolve) => {
		setTimeout(() => resolve({ ok: false, why: "The database does not answer in time." }), ms).unref();
	});
}
