import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { lookAtLink } from "../../src/use-cases/web-sign-in.ts";
import { textOf } from "../fakes/teams-card.ts";
import { TALK, TeamsWorld } from "../support/teams-world.ts";

let there: TeamsWorld;
beforeEach(async () => {
	there = await TeamsWorld.open();
});
afterEach(() => there.close());

const told = (user: string) => there.fake.toldTo(user).map(({ card }) => textOf(card));

/** Every row of every table, as text. */
async function wholeDatabase(): Promise<string> {
	const tables: { name: string }[] = await there.world.deps.db.query(
		"SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'",
	);
	const parts: string[] = [];
	for (const { name } of tables) {
		const rows: { row: string }[] = await there.world.deps.db.query(`SELECT t::text AS row FROM ${name} AS t`);
		parts.push(...rows.map(({ row }) => row));
	}
	return parts.join("\n");
}

describe("a link that signs in", () => {
	const linkIn = (message: unknown) => /\/sign-in\/([\w-]{43})/.exec(JSON.stringify(message))?.[1] ?? "";

	test("is stored nowhere while it cannot be told, and is a new one when it can be", async () => {
		there.fake.fail("send", { status: 429, retryAfter: 400 });
		await there.fake.write("U_ADA", "admin");
		await there.world.work();
		expect(told("U_ADA")).toEqual([]);
		expect(await wholeDatabase()).not.toContain("/sign-in/");
		await there.world.pass(401_000);
		expect(told("U_ADA")).toEqual([expect.stringContaining("Open the web page")]);
		const secret = linkIn(there.fake.toldTo("U_ADA"));
		// The first one would be over by now.
		expect(await lookAtLink(there.world.deps, secret)).toMatchObject({ ok: true });
		expect(await wholeDatabase()).not.toContain(secret);
	});

	test("is never told where others read along", async () => {
		there.fake.installed.delete("U_ADA");
		await there.fake.mention("U_ADA", TALK, "admin");
		await there.world.work();
		const [answer, ...others] = there.fake.messages;
		expect(textOf(answer?.card ?? {})).toContain("add the app DRAVEN under Apps");
		expect(others).toEqual([]);
		expect(linkIn(there.fake.messages)).toBe("");
	});

	test("comes to the chat with the bot when it was asked for in a channel", async () => {
		await there.mention("U_ADA", "admin", TALK);
		expect(linkIn(there.fake.toldTo("U_ADA"))).not.toBe("");
		expect(there.fake.messages).toHaveLength(1);
	});
});

describe("answers to one person that are put off", () => {
	test("come in the order in which they were made, and those of others are not held up", async () => {
		there.fake.fail("send", { status: 429, retryAfter: 60 });
		await there.fake.write("U_OPS", "status");
		await there.world.work();
		there.world.sleep(61_000);
		await there.fake.write("U_OPS", "whoami");
		await there.fake.write("U_ANN", "whoami");
		// What was said is carried out before what waits is told.
		await there.world.workOn("teams_in");
		expect(told("U_OPS")).toEqual([]);
		expect(told("U_ANN")).toHaveLength(1);
		await there.fake.write("U_OPS", "nonsense");
		await there.world.pass(31_000);
		expect(told("U_OPS")).toEqual([
			expect.stringContaining("shop"),
			expect.stringContaining("operator"),
			expect.stringContaining("nonsense"),
		]);
	});

	test("do not wait for long behind one that Teams cannot take", async () => {
		there.fake.stumblesOver = "nonsense";
		await there.fake.write("U_OPS", "nonsense");
		await there.world.work();
		await there.fake.write("U_OPS", "whoami");
		for (let second = 0; second < 90; second++) await there.world.pass(1_000);
		expect(told("U_OPS")).toEqual([expect.stringContaining("operator")]);
		there.fake.stumblesOver = null;
		for (let minute = 0; minute < 6; minute++) await there.world.pass(60_000);
		expect(told("U_OPS").at(-1)).toContain("nonsense");
	});

	test("are told at the server where their chat is by then", async () => {
		there.fake.fail("send", { status: 503 });
		await there.fake.write("U_OPS", "status");
		await there.world.work();
		there.fake.region = "elsewhere";
		await there.fake.write("U_OPS", "whoami");
		await there.world.pass(10_000);
		expect(told("U_OPS")).toEqual([expect.stringContaining("shop"), expect.stringContaining("operator")]);
	});

	test("wait for an admin who mends the bot's credentials, like cards do", async () => {
		there.fake.fail("send", ...Array(5).fill({ status: 401 }));
		await there.fake.write("U_OPS", "shop@v1.0.0 to stage");
		await there.world.pass(10_000);
		expect(told("U_OPS")).toEqual([]);
		expect(await wholeDatabase()).toContain("does not accept the bot's credentials");
		for (let minute = 0; minute < 10; minute++) await there.world.pass(60_000);
		expect(told("U_OPS")).toEqual([expect.stringContaining("shop v1.0.0")]);
	});
});
