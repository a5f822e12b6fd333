import type { Finding } from "./audit.ts";
import { type OpenFile, readCheckpoints } from "./checkpoints.ts";
import type { Sql } from "./runs.ts";

interface Expected {
	readonly chain: string;
	readonly seq: number;
	/** Hex. */
	readonly hash: string;
	readonly at: string;
}

const AT_ONCE = 2_000;

/** Looks for every row that a checkpoint names, a part at a time: files of years take no more memory. Gives how many checkpoints. */
export async function compareCheckpoints(
	sql: Sql,
	auditKey: Buffer,
	/** Opened before the trail was looked at. */
	files: readonly OpenFile[],
	say: (finding: Finding) => void,
): Promise<number> {
	const last = new Map<string, string>();
	const expected: Expected[] = [];
	let checkpoints = 0;
	for (const file of files)
		for await (const { line, checkpoint } of readCheckpoints(auditKey, file)) {
			if (checkpoint === null) {
				const detail = `line ${line} of ${file.name} was not written by DRAVEN`;
				say({ chain: "", seq: 0, problem: "checkpoint", detail });
				continue;
			}
			checkpoints += 1;
			for (const [chain, [seq, hash]] of Object.entries(checkpoint.heads)) {
				if (last.get(chain) === hash) continue;
				last.set(chain, hash);
				expected.push({ chain, seq, hash, at: checkpoint.at });
			}
			if (expected.length >= AT_ONCE) await compare(sql, expected.splice(0), say);
		}
	await compare(sql, expected, say);
	return checkpoints;
}

async function compare(sql: Sql, expected: readonly Expected[], say: (finding: Finding) => void): Promise<void> {
	const rows: { chain: string; seq: string; at: string }[] = await sql.query(
		`SELECT e.chain, e.seq, e.at FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) AS e (chain, seq, hash, at)
		 LEFT JOIN audit_entry AS a ON a.chain = e.chain AND a.seq = e.seq
		 WHERE a.hash IS DISTINCT FROM decode(e.hash, 'hex') ORDER BY e.at, e.chain, e.seq`,
		[
			expected.map(({ chain }) => chain),
			expected.map(({ seq }) => seq),
			expected.map(({ hash }) => hash),
			expected.map(({ at }) => at),
		],
	);
	for (const { chain, seq, at } of rows) {
		const detail = `row ${seq} is not the one that was there at ${at}`;
		say({ chain, seq: Number(seq), problem: "checkpoint", detail });
	}
}
