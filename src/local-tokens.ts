import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Like } from "typeorm";
import { SYSTEM_ACTOR } from "./core/audit-entry.ts";
import { removeLocalFile } from "./local-file.ts";
import type { Store } from "./open-store.ts";
import { IntegrationTable, SettingTable } from "./store/entities.ts";
import { createToken, findToken, type NewToken, revokeToken } from "./store/tokens.ts";

export interface LocalTokens {
	/** For `draven say`. */
	readonly say: string;
	/** For the runner beside this server: of the sample's integration alone. Null: there is no sample. */
	readonly runner: string | null;
}

type TokenShelf = Pick<Store, "db" | "auditKey">;
type Kept = { readonly [name in keyof LocalTokens]?: string | null };

/** Each local token is remembered by its id, because the file may be gone when local mode is left. */
const REMEMBERED = "local_token:";

/** The tokens of the terminal and of the runner: made once, kept in the data folder for its owner alone. */
export async function localTokens(store: TokenShelf, dataDir: string, now: () => Date): Promise<LocalTokens> {
	const sample = await store.db
		.getRepository(IntegrationTable)
		.findOneBy({ slug: "sample-runner", managedBy: "sample" });
	const kept = await readKept(dataDir);
	const say = await keepOrMake(store, now, kept.say, { name: "local terminal", may: { role: "admin" } });
	const runner =
		sample && (await keepOrMake(store, now, kept.runner, { name: "local runner", may: { runnerOf: sample.id } }));
	await mkdir(dataDir, { recursive: true, mode: 0o700 });
	await writeFile(fileIn(dataDir), `${JSON.stringify({ say, runner })}\n`, { mode: 0o600 });
	return { say, runner };
}

/** Outside of local mode no token of it opens anything, wherever a copy of it lies. */
export async function retireLocalTokens(store: TokenShelf, dataDir: string, now: () => Date): Promise<void> {
	const remembered = await store.db.getRepository(SettingTable).findBy({ name: Like(`${REMEMBERED}%`) });
	const kept = await readKept(dataDir);
	const ids = new Set(remembered.map(({ value }) => value));
	for (const plain of [kept.say, kept.runner]) {
		const token = plain ? await findToken(store.db, plain, now()) : null;
		if (token !== null) ids.add(token.id);
	}
	for (const id of ids) await end(store, now, id);
	if (kept.say) await removeLocalFile(dataDir, kept.say);
	await rm(fileIn(dataDir), { force: true });
}

async function keepOrMake(
	store: TokenShelf,
	now: () => Date,
	kept: string | null | undefined,
	token: Pick<NewToken, "name" | "may">,
): Promise<string> {
	const known = kept ? await findToken(store.db, kept, now()) : null;
	if (kept && known !== null) {
		const { may } = token;
		if ("role" in may ? known.role === may.role : known.integrationId === may.runnerOf) {
			await remember(store, known.id);
			return kept;
		}
		await end(store, now, known.id);
	}
	const made = await createToken({ ...store, now }, { ...token, email: null, expiresAt: null, actor: SYSTEM_ACTOR });
	await remember(store, made.row.id);
	return made.plain;
}

async function remember(store: TokenShelf, id: string): Promise<void> {
	await store.db.getRepository(SettingTable).save({ name: `${REMEMBERED}${id}`, value: id });
}

async function end(store: TokenShelf, now: () => Date, id: string): Promise<void> {
	await revokeToken({ ...store, now }, id, SYSTEM_ACTOR);
	await store.db.getRepository(SettingTable).delete({ name: `${REMEMBERED}${id}` });
}

async function readKept(dataDir: string): Promise<Kept> {
	return readFile(fileIn(dataDir), "utf8").then(
		(text) => JSON.parse(text) as Kept,
		() => ({}),
	);
}

function fileIn(dataDir: string): string {
	return join(dataDir, "local-tokens.json");
}
