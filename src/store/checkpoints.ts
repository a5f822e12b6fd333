import { createHmac, timingSafeEqual } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import { canonicalJson } from "../core/canonical-json.ts";
import type { Sql } from "./runs.ts";

/**
 * Where the chains stood that had grown since the checkpoint before, signed, in files beside the database: who can rewrite the
 * database, heads included, cannot take back what stands here.
 */
export interface Checkpoint {
	readonly at: string;
	/** Chain -> number and hash (hex) of its last row. */
	readonly heads: Readonly<Record<string, readonly [number, string]>>;
}

const NAME = "audit-checkpoints.jsonl";
/** Full ones, from 1. */
const FULL = /^audit-checkpoints\.(\d+)\.jsonl$/;
const fullName = (n: number) => `audit-checkpoints.${n}.jsonl`;
const FULL_BYTES = 16 * 1_024 * 1_024;
/** Longer is no line of ours. */
const LONGEST_LINE = 64 * 1_024 * 1_024;

export function checkpointPath(dataDir: string): string {
	return join(dataDir, NAME);
}

/** What is known of the file that is written to, as long as it is as long as we left it. */
interface Left {
	readonly size: number;
	readonly heads: Map<string, string>;
}
/** By file and key. */
const leftAt = new Map<string, Left>();

/** Adds a line when a chain has grown since the last one. True: it did. */
export async function writeCheckpoint(
	store: { readonly db: Sql; readonly auditKey: Buffer; readonly now: () => Date },
	dataDir: string,
	fullBytes = FULL_BYTES,
): Promise<boolean> {
	const rows: { chain: string; seq: string; hash: Buffer }[] = await store.db.query(
		"SELECT chain, seq, hash FROM chain_head WHERE hash IS NOT NULL ORDER BY chain",
	);
	const path = checkpointPath(dataDir);
	const { size, heads } = await leftIn(store.auditKey, path);
	const grown = rows
		.map((row) => ({ ...row, hash: row.hash.toString("hex") }))
		.filter((row) => heads.get(row.chain) !== row.hash);
	if (grown.length === 0) return false;
	await mkdir(dataDir, { recursive: true, mode: 0o700 });
	const full = size > 0 && size >= fullBytes;
	if (full) await rename(path, join(dataDir, fullName(((await fullOnes(dataDir)).at(-1) ?? 0) + 1)));
	const checkpoint: Checkpoint = {
		at: store.now().toISOString(),
		heads: Object.fromEntries(grown.map(({ chain, seq, hash }) => [chain, [Number(seq), hash] as const])),
	};
	const line = `${JSON.stringify({ ...checkpoint, mac: macOf(store.auditKey, checkpoint).toString("hex") })}\n`;
	const file = await open(path, "a", 0o600);
	try {
		await file.appendFile(line);
		await file.sync();
	} finally {
		await file.close();
	}
	for (const { chain, hash } of grown) heads.set(chain, hash);
	leftAt.set(placeOf(store.auditKey, path), { size: (full ? 0 : size) + Buffer.byteLength(line), heads });
	return true;
}

/** What its lines say of each chain. Read once: after that it is known, unless somebody else wrote there. */
async function leftIn(auditKey: Buffer, path: string): Promise<Left> {
	const found = await openIfThere(path, "r+");
	if (found === null) return { size: 0, heads: new Map() };
	const { file, size } = found;
	try {
		const left = leftAt.get(placeOf(auditKey, path));
		if (left?.size === size) return left;
		const heads = new Map<string, string>();
		let whole = 0;
		for await (const { checkpoint, end } of readCheckpoints(auditKey, found)) {
			whole = end;
			for (const [chain, [, hash]] of Object.entries(checkpoint?.heads ?? {})) heads.set(chain, hash);
		}
		// A kill in the middle of a line: what is written next must not be read as its rest.
		if (whole < size) await file.truncate(whole);
		return { size: whole, heads };
	} finally {
		await file.close();
	}
}

function placeOf(auditKey: Buffer, path: string): string {
	return createHmac("sha256", auditKey).update(`place\n${path}`).digest("hex");
}

/** A file as it was when it was opened: what is written later, or renamed, changes nothing of it. */
export interface OpenFile {
	readonly name: string;
	readonly file: FileHandle;
	readonly size: number;
}

async function openIfThere(path: string, flags: "r" | "r+"): Promise<OpenFile | null> {
	try {
		const file = await open(path, flags);
		return { name: basename(path), file, size: (await file.stat()).size };
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
		throw error;
	}
}

async function fullOnes(dataDir: string): Promise<number[]> {
	const names = await readdir(dataDir).catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return [];
		throw error;
	});
	const numbers = names.flatMap((name) => FULL.exec(name)?.[1] ?? []).map(Number);
	return numbers.sort((a, b) => a - b);
}

/** All files there are, oldest first. The caller closes them. */
export async function openCheckpoints(dataDir: string): Promise<OpenFile[]> {
	const current = await openIfThere(checkpointPath(dataDir), "r");
	const files: OpenFile[] = [];
	for (const n of await fullOnes(dataDir)) {
		const full = await openIfThere(join(dataDir, fullName(n)), "r");
		if (full !== null) files.push(full);
	}
	return current === null ? files : [...files, current];
}

export interface CheckpointLine {
	/** From 1. */
	readonly line: number;
	/** Null: it was not written by us. */
	readonly checkpoint: Checkpoint | null;
	/** Bytes of the file up to its end. */
	readonly end: number;
}

/** The lines of a file's first `size` bytes, one by one. What stands after the last line break is a line that a kill cut off. */
export async function* readCheckpoints(auditKey: Buffer, { file, size }: OpenFile): AsyncGenerator<CheckpointLine> {
	if (size === 0) return;
	let parts: Buffer[] = [];
	let held = 0;
	let line = 0;
	let end = 0;
	const bytes: AsyncIterable<Buffer> = file.createReadStream({ start: 0, end: size - 1, autoClose: false });
	for await (const chunk of bytes) {
		let from = 0;
		for (let to = chunk.indexOf(10); to >= 0; to = chunk.indexOf(10, from)) {
			parts.push(chunk.subarray(from, to));
			held += to - from;
			line += 1;
			end += held + 1;
			const text = held > LONGEST_LINE ? "" : Buffer.concat(parts).toString("utf8");
			yield { line, checkpoint: readLine(auditKey, text), end };
			parts = [];
			held = 0;
			from = to + 1;
		}
		held += chunk.length - from;
		if (held <= LONGEST_LINE) parts.push(chunk.subarray(from));
		else parts = [];
	}
}

function readLine(auditKey: Buffer, line: string): Checkpoint | null {
	try {
		const { at, heads, mac } = JSON.parse(line) as Checkpoint & { mac: string };
		const given = Buffer.from(mac, "hex");
		const own = macOf(auditKey, { at, heads });
		return given.length === own.length && timingSafeEqual(given, own) ? { at, heads } : null;
	} catch {
		return null;
	}
}

function macOf(auditKey: Buffer, { at, heads }: Checkpoint): Buffer {
	return createHmac("sha256", auditKey)
		.update(`checkpoint\n${canonicalJson({ at, heads })}`)
		.digest();
}
