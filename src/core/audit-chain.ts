import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * The hash of one entry: keyed, so that somebody with the database alone can forge none, and over the one before, so that none can
 * be taken out or moved. Every part is preceded by its length: no two different rows give the same bytes.
 */
export function auditHash(key: Buffer, previous: Buffer | null, chain: string, seq: number, entry: string): Buffer {
	const hmac = createHmac("sha256", key);
	for (const part of [previous ?? Buffer.alloc(0), Buffer.from(chain), Buffer.from(String(seq)), Buffer.from(entry)]) {
		const length = Buffer.alloc(4);
		length.writeUInt32BE(part.length);
		hmac.update(length).update(part);
	}
	return hmac.digest();
}

export interface AuditRow {
	readonly seq: number;
	readonly entry: string;
	readonly previous: Buffer | null;
	readonly hash: Buffer;
}

export interface AuditFinding {
	readonly chain: string;
	/** The row that gives it away; for what is missing, the place where it should be. */
	readonly seq: number;
	readonly problem: "removed" | "added" | "changed" | "tail_removed" | "head_changed";
	readonly detail: string;
}

/** Walks one chain row by row, in the order of `seq`. */
export class ChainVerifier {
	readonly #key: Buffer;
	readonly #chain: string;
	#seq = 0;
	#hash: Buffer | null = null;

	constructor(key: Buffer, chain: string) {
		this.#key = key;
		this.#chain = chain;
	}

	/** What is wrong with the next row; null: nothing. After a finding it goes on from that row, so one edit is one finding. */
	next(row: AuditRow): AuditFinding | null {
		const expectedSeq = this.#seq + 1;
		const previous = this.#hash;
		this.#seq = row.seq;
		this.#hash = row.hash;
		if (row.seq > expectedSeq) {
			const last = row.seq - 1;
			const which = expectedSeq === last ? `row ${last} is` : `rows ${expectedSeq} to ${last} are`;
			return this.#finding(expectedSeq, "removed", `${which} missing`);
		}
		if (row.seq < expectedSeq) return this.#finding(row.seq, "added", `row ${row.seq} does not belong here`);
		const own = auditHash(this.#key, row.previous, this.#chain, row.seq, row.entry);
		if (!sameBytes(own, row.hash))
			return this.#finding(row.seq, "changed", `row ${row.seq} does not say what was written`);
		if (!sameBytes(row.previous, previous))
			return this.#finding(row.seq, "changed", `row ${row.seq} does not follow from row ${expectedSeq - 1}`);
		return null;
	}

	/** After the last row: whether the chain ends where its head says. */
	end(head: { readonly seq: number; readonly hash: Buffer | null }): AuditFinding | null {
		if (head.seq > this.#seq)
			return this.#finding(
				this.#seq + 1,
				"tail_removed",
				`rows ${this.#seq + 1} to ${head.seq} are missing at the end`,
			);
		if (head.seq < this.#seq)
			return this.#finding(head.seq + 1, "added", `rows ${head.seq + 1} to ${this.#seq} stand behind the end`);
		return sameBytes(head.hash, this.#hash)
			? null
			: this.#finding(head.seq, "head_changed", "the head names another last row");
	}

	#finding(seq: number, problem: AuditFinding["problem"], detail: string): AuditFinding {
		return { chain: this.#chain, seq, problem, detail };
	}
}

function sameBytes(a: Buffer | null, b: Buffer | null): boolean {
	if (a === null || b === null) return a === b;
	return a.length === b.length && timingSafeEqual(a, b);
}
