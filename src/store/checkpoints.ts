import { createHmac, timingSafeEqual } from "node:crypto";
import { type FileHandle, mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson } from "../core/canonical-json.ts";
import type { Sql } from "./runs.ts";

/**
 * Where every chain stood at a moment, signed, in a file beside the database: who can rewrite the database, heads included, cannot
 * take back what stands here.
 */
export interface Checkpoint {
	readonly at: string;
	/** Chain -> number and hash (hex) of its last row. */
	readonly heads: Readonly<Record<string, readonly [number, string]>>;
}

export interface CheckpointFile {
	readonly checkpoints: readonly Checkpoint[];
	/** Lines, from 1, that were not written by us. */
	readonly forged: readonly number[];
}

export function checkpointPath(dataDir: string): string {
	return join(dataDir, "audit-checkpoints.jsonl");
}

/** Adds a line when a chain has grown since the last one. True: it did. */
export async function writeCheckpoint(
	store: { readonly db: Sql; readonly auditKey: Buffer; readonly now: () => Date },
	dataDir: string,
): Promise<boolean> {
	const rows: { chain: string; seq: string; hash: Buffer }[] = await store.db.query(
		"SELECT chain, seq, hash FROM chain_head WHERE hash IS NOT NULL ORDER BY chain",
	);
	const heads = Object.fromEntries(
		rows.map((row) => [row.chain, [Number(row.seq), row.hash.toString("hex")] as const]),
	);
	const last = (await readCheckpoints(store.auditKey, dataDir))?.checkpoints.at(-1);
	if (canonicalJson(last?.heads ?? {}) === canonicalJson(heads)) return false;
	const checkpoint: Checkpoint = { at: store.now().toISOString(), heads };
	await mkdir(dataDir, { recursive: true, mode: 0o700 });
	const file = await open(checkpointPath(dataDir), "a", 0o600);
	try {
		await cutTornLine(file, dataDir);
		const mac = macOf(store.auditKey, checkpoint).toString("hex");
		await file.appendFile(`${JSON.stringify({ ...checkpoint, mac })}\n`);
		await file.sync();
	} finally {
		await file.close();
	}
	return true;
}

/** A kill in the middle of a line: what is written next must not be read as its rest. */
async function cutTornLine(file: FileHandle, dataDir: string): Promise<void> {
	const bytes = await readFile(checkpointPath(dataDir));
	const whole = bytes.lastIndexOf("\n") + 1;
	if (whole < bytes.length) await file.truncate(whole);
}

/** Null: there is no file. */
export async function readCheckpoints(auditKey: Buffer, dataDir: string): Promise<CheckpointFile | null> {
	const text = await readFile(checkpointPath(dataDir), "utf8").catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return null;
		throw error;
	});
	if (text === null) return null;
	const checkpoints: Checkpoint[] = [];
	const forged: number[] = [];
	// What stands after the last line break is a line that a kill cut off.
	for (const [index, line] of text.split("\n").slice(0, -1).entries()) {
		const checkpoint = readLine(auditKey, line);
		if (checkpoint === null) forged.push(index + 1);
		else checkpoints.push(checkpoint);
	}
	return { checkpoints, forged };
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
