import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import type { Run } from "../../src/core/run.ts";
import { verifyAudit } from "../../src/store/audit.ts";
import { createToken, revokeToken } from "../../src/store/tokens.ts";
import { Tamperer } from "../store/tampering.ts";
import { World } from "../support/world.ts";

let world: World;
let tamperer: Tamperer;
beforeEach(async () => {
	world = await World.open();
	tamperer = await Tamperer.open(world.url);
});
afterEach(async () => {
	await tamperer.close();
	await world.close();
});

/** Cuts the end of a chain off, and puts its head back as if that had never been. */
async function cut(chain: string, after: number): Promise<void> {
	await tamperer.sql("DELETE FROM audit_entry WHERE chain = $1 AND seq > $2", [chain, after]);
	await tamperer.sql("UPDATE chain_head SET seq = 0, hash = NULL WHERE chain = $1", [chain]);
	await tamperer.sql(
		"UPDATE chain_head AS h SET seq = e.seq, hash = e.hash FROM audit_entry AS e WHERE h.chain = $1 AND e.chain = $1 AND e.seq = $2",
		[chain, after],
	);
}

async function rowOf(chain: string, action: string): Promise<number> {
	const [row]: { seq: string }[] = await world.deps.db.query(
		"SELECT seq FROM audit_entry WHERE chain = $1 AND action = $2 ORDER BY seq DESC LIMIT 1",
		[chain, action],
	);
	return Number(row?.seq);
}

async function details(): Promise<string[]> {
	const { findings } = await verifyAudit(world.deps, null);
	for (const { problem } of findings) expect(problem).toBe("without_trail");
	return findings.map(({ detail }) => detail);
}

const ask = async (text: string): Promise<Run> => world.runOf(await world.say("U_OPS", text));

test("a run's present state has to have its entry, whatever it is", async () => {
	const chain = world.environment("stage").id;
	const run = await ask("deploy shop@v1.0.0 to stage");
	await world.work();
	expect(await details()).toEqual([]);
	await world.finish(run, "succeeded");
	const next = await ask("deploy shop@v1.1.0 to stage");
	expect(await details()).toEqual([]);
	await cut(chain, (await rowOf(chain, "run.succeeded")) - 1);
	expect(await details()).toEqual([
		`the run #${next.number} has no entry at all`,
		`the run #${run.number} is succeeded, and no entry tells how it came to that`,
	]);
});

test("each approval has to have its entry", async () => {
	const chain = world.environment("production").id;
	const run = await ask("deploy shop@v1.0.0 to production");
	await world.click("U_ANN", "approve", run);
	expect(await details()).toEqual([]);
	const [approval]: { person_name: string }[] = await world.deps.db.query("SELECT person_name FROM approval");
	await cut(chain, (await rowOf(chain, "run.approved")) - 1);
	expect(await details()).toEqual([
		`the run #${run.number} is approved by ${approval?.person_name}, and no entry tells of it`,
	]);
});

test("so has a person's lock", async () => {
	const chain = world.environment("stage").id;
	await world.say("U_OPS", "deploy lock shop stage");
	world.sleep(1_000);
	await world.say("U_OPS", "deploy unlock shop stage");
	await world.say("U_OPS", "deploy lock shop stage");
	expect(await details()).toEqual([]);
	await cut(chain, (await rowOf(chain, "lock.taken")) - 1);
	const [lock]: { person_name: string }[] = await world.deps.db.query("SELECT person_name FROM environment_lock");
	expect(await details()).toEqual([`the lock of ${lock?.person_name} has no entry`]);
});

test("and a token, made or revoked", async () => {
	const made = (name: string) =>
		createToken(world.deps, { name, may: { role: "admin" }, email: null, expiresAt: null, actor: SYSTEM_ACTOR });
	const { row } = await made("robot");
	const { row: other } = await made("gone");
	await revokeToken(world.deps, other.id, SYSTEM_ACTOR);
	expect(await details()).toEqual([]);
	const revoked = await rowOf("system", "token.revoked");
	await cut("system", revoked - 1);
	expect(await details()).toEqual(["the token gone was revoked, and no entry tells of it"]);
	await cut("system", revoked - 3);
	expect(await details()).toEqual([
		"the token gone was created, and no entry tells of it",
		"the token gone was revoked, and no entry tells of it",
		`the token ${row.name} was created, and no entry tells of it`,
	]);
});
