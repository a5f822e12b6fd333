import { createHmac, randomBytes } from "node:crypto";
import pg from "pg";
import { auditHash } from "../../src/core/audit-chain.ts";

/** Somebody with all rights on the database, and without the key: no trigger stops them. */
export class Tamperer {
	readonly #client: pg.Client;

	private constructor(client: pg.Client) {
		this.#client = client;
	}

	static async open(url: string): Promise<Tamperer> {
		const client = new pg.Client({ connectionString: url });
		await client.connect();
		await client.query("SET session_replication_role = replica");
		return new Tamperer(client);
	}

	async sql(text: string, values: unknown[] = []): Promise<void> {
		await this.#client.query(text, values);
	}

	/** Remembers the trail as it is, for `restore`. */
	async remember(): Promise<void> {
		await this.sql("CREATE TABLE kept_entry AS SELECT chain, seq, entry, previous, hash FROM audit_entry");
		await this.sql("CREATE TABLE kept_head AS SELECT * FROM chain_head");
	}

	async restore(): Promise<void> {
		await this.sql("DELETE FROM audit_entry");
		await this.sql("INSERT INTO audit_entry (chain, seq, entry, previous, hash) SELECT * FROM kept_entry");
		await this.sql("DELETE FROM chain_head");
		await this.sql("INSERT INTO chain_head SELECT * FROM kept_head");
	}

	async close(): Promise<void> {
		await this.#client.end();
	}
}

export interface Edit {
	readonly chain: string;
	/** How many rows the chain has. */
	readonly length: number;
	/** From 1. */
	readonly row: number;
	/** Another row than `row`. */
	readonly other: number;
}

/** What can be done to one chain, and the row that has to be named first. */
type Tampering = (by: Tamperer, edit: Edit) => Promise<number>;

const ROW = "WHERE chain = $1 AND seq = $2";
const LIE = `jsonb_set(entry::jsonb, '{data,state}', '"succeeded"')::text`;

/** Forged as well as it goes without the key. */
const forgedHash = (chain: string, seq: number) => auditHash(randomBytes(32), null, chain, seq, "{}");

export const TAMPERINGS: Readonly<Record<string, Tampering>> = {
	async "its text changed"(by, { chain, row }) {
		await by.sql(`UPDATE audit_entry SET entry = ${LIE} ${ROW}`, [chain, row]);
		return row;
	},
	async "a space added to its text"(by, { chain, row }) {
		await by.sql(`UPDATE audit_entry SET entry = entry || ' ' ${ROW}`, [chain, row]);
		return row;
	},
	async "its hash changed by one bit"(by, { chain, row, other }) {
		await by.sql(`UPDATE audit_entry SET hash = set_bit(hash, $3, 1 - get_bit(hash, $3)) ${ROW}`, [chain, row, other]);
		return row;
	},
	async "its hash cut off"(by, { chain, row }) {
		await by.sql(`UPDATE audit_entry SET hash = '' ${ROW}`, [chain, row]);
		return row;
	},
	async "its link changed"(by, { chain, row }) {
		await by.sql(`UPDATE audit_entry SET previous = $3 ${ROW}`, [chain, row, randomBytes(32)]);
		return row;
	},
	async "its text changed and its hash made anew without the key"(by, { chain, row }) {
		const hash = createHmac("sha256", "guess").update(chain).digest();
		await by.sql(`UPDATE audit_entry SET entry = ${LIE}, hash = $3 ${ROW}`, [chain, row, hash]);
		return row;
	},
	async "taken out"(by, { chain, row }) {
		await by.sql(`DELETE FROM audit_entry ${ROW}`, [chain, row]);
		return row;
	},
	async "taken out and the rest moved up, its head too"(by, { chain, row, length }) {
		await by.sql(`DELETE FROM audit_entry ${ROW}`, [chain, row]);
		for (let seq = row + 1; seq <= length; seq++)
			await by.sql(`UPDATE audit_entry SET seq = seq - 1 ${ROW}`, [chain, seq]);
		await by.sql("UPDATE chain_head SET seq = seq - 1 WHERE chain = $1", [chain]);
		return row === length ? length - 1 : row;
	},
	async "two swapped"(by, { chain, row, other }) {
		await by.sql(
			`UPDATE audit_entry AS a SET entry = b.entry, previous = b.previous, hash = b.hash FROM kept_entry AS b
			 WHERE a.chain = $1 AND b.chain = $1 AND a.seq IN ($2, $3) AND b.seq = $2::bigint + $3::bigint - a.seq`,
			[chain, row, other],
		);
		return Math.min(row, other);
	},
	async "overwritten with another one"(by, { chain, row, other }) {
		await by.sql(
			`UPDATE audit_entry AS a SET entry = b.entry, previous = b.previous, hash = b.hash FROM kept_entry AS b
			 WHERE a.chain = $1 AND a.seq = $2 AND b.chain = $1 AND b.seq = $3`,
			[chain, row, other],
		);
		return row;
	},
	async "repeated at the end, its head moved"(by, { chain, row, length }) {
		await by.sql(`INSERT INTO audit_entry SELECT chain, $3, entry, previous, hash FROM kept_entry ${ROW}`, [
			...[chain, row, length + 1],
		]);
		await by.sql(
			"UPDATE chain_head AS h SET seq = $2, hash = e.hash FROM audit_entry AS e WHERE h.chain = $1 AND e.chain = $1 AND e.seq = $2",
			[...[chain, length + 1]],
		);
		return length + 1;
	},
	async "one made up at the end"(by, { chain, length }) {
		await by.sql(`INSERT INTO audit_entry SELECT chain, seq + 1, entry, hash, $3 FROM kept_entry ${ROW}`, [
			...[chain, length, forgedHash(chain, length + 1)],
		]);
		return length + 1;
	},
	async "one made up before the beginning"(by, { chain, other }) {
		await by.sql(`INSERT INTO audit_entry VALUES ($1, $2, '{}', NULL, $3)`, [chain, 1 - other, forgedHash(chain, 0)]);
		return 1 - other;
	},
	async "the tail cut"(by, { chain, row }) {
		await by.sql("DELETE FROM audit_entry WHERE chain = $1 AND seq >= $2", [chain, row]);
		return row;
	},
	async "the head told of another row"(by, { chain, length }) {
		await by.sql("UPDATE chain_head SET hash = $2 WHERE chain = $1", [chain, randomBytes(32)]);
		return length;
	},
	async "the head put back"(by, { chain, row }) {
		await by.sql("UPDATE chain_head SET seq = $2 WHERE chain = $1", [chain, row - 1]);
		return row;
	},
	async "the head put forward"(by, { chain, row, length }) {
		await by.sql("UPDATE chain_head SET seq = $2 WHERE chain = $1", [chain, length + row]);
		return length + 1;
	},
	async "the head taken out"(by, { chain }) {
		await by.sql("DELETE FROM chain_head WHERE chain = $1", [chain]);
		return 0;
	},
	async "every row taken out"(by, { chain }) {
		await by.sql("DELETE FROM audit_entry WHERE chain = $1", [chain]);
		return 1;
	},
	async "the whole chain taken out"(by, { chain }) {
		await by.sql("DELETE FROM audit_entry WHERE chain = $1", [chain]);
		await by.sql("DELETE FROM chain_head WHERE chain = $1", [chain]);
		return 0;
	},
};
