import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { pino } from "pino";
import { createApi } from "../../../adapters/slack/api.ts";
import { type SlackGroups, slackGroups } from "../../../adapters/slack/groups.ts";
import { identitySource } from "../../../adapters/slack/identity.ts";
import { FakeSlack } from "../../fakes/slack.ts";

let fake: FakeSlack;
let groups: SlackGroups;
let now = 1_000_000;
beforeEach(async () => {
	fake = await FakeSlack.start();
	const api = createApi({
		token: fake.botToken,
		apiUrl: fake.apiUrl,
		log: pino({ level: "silent" }),
		timeoutMs: 1_000,
	});
	groups = slackGroups(api, identitySource(api), () => now);
});
afterEach(() => fake.stop());

const reads = () => fake.callsOf("usergroups.users.list").length;

describe("who is in a group", () => {
	beforeEach(() => {
		fake.group("S_OPS", "U_ANN", "U_BOB");
		fake.group("S_LEADS", "U_BOB");
	});

	test("is what Slack says", async () => {
		expect(await groups.memberOf("U_ANN", ["S_OPS", "S_LEADS"], false)).toEqual(new Set(["S_OPS"]));
		expect(await groups.memberOf("U_EVE", ["S_OPS", "S_LEADS"], false)).toEqual(new Set());
	});

	test("is kept for a minute, and read past that when it has to be fresh", async () => {
		await groups.memberOf("U_ANN", ["S_OPS"], false);
		fake.group("S_OPS", "U_BOB");
		now += 59_000;
		expect((await groups.memberOf("U_ANN", ["S_OPS"], false)).size).toBe(1);
		expect(reads()).toBe(1);
		expect((await groups.memberOf("U_ANN", ["S_OPS"], true)).size).toBe(0);
		expect((await groups.memberOf("U_ANN", ["S_OPS"], false)).size).toBe(0);
		expect(reads()).toBe(2);
		now += 60_000;
		await groups.memberOf("U_ANN", ["S_OPS"], false);
		expect(reads()).toBe(3);
	});

	test("is asked once for many who ask at the same time", async () => {
		await Promise.all(Array.from({ length: 20 }, () => groups.memberOf("U_ANN", ["S_OPS", "S_LEADS"], true)));
		expect(reads()).toBe(2);
	});

	test("is read again when Slack said that it changed, also when it was being read just then", async () => {
		fake.fail("usergroups.users.list", { delayMs: 50 });
		const slow = groups.memberOf("U_ANN", ["S_OPS"], false);
		await fake.until(() => reads() === 1);
		groups.forget({ group: "S_OPS" });
		await slow;
		await groups.memberOf("U_ANN", ["S_OPS"], false);
		expect(reads()).toBe(2);
		groups.forget(null);
		await groups.memberOf("U_ANN", ["S_OPS"], false);
		expect(reads()).toBe(3);
	});

	test("a group that is not there has nobody in it", async () => {
		expect(await groups.memberOf("U_ANN", ["S_GONE", "S_OPS"], false)).toEqual(new Set(["S_OPS"]));
	});

	test.each([
		["an error", { error: "fatal_error" }, "unavailable"],
		["a missing scope", { error: "missing_scope", needed: "usergroups:read" }, "unauthorized"],
		["too many calls", { status: 429, retryAfter: 7 }, "rate_limited"],
		["HTTP 500", { status: 500 }, "unavailable"],
		["a dropped connection", "hang_up", "unavailable"],
		["a lost answer", "answer_lost", "unavailable"],
		["silence", { delayMs: 1_500 }, "unavailable"],
	] as const)("%s is an error, never what was known before", async (_, fault, kind) => {
		await groups.memberOf("U_ANN", ["S_OPS"], false);
		fake.fail("usergroups.users.list", fault);
		await expect(groups.memberOf("U_ANN", ["S_OPS"], true)).rejects.toMatchObject({ name: "VendorError", kind });
		fake.fail("usergroups.users.list", { error: "fatal_error" });
		await expect(groups.memberOf("U_ANN", ["S_OPS"], false)).rejects.toMatchObject({ name: "VendorError" });
		expect((await groups.memberOf("U_ANN", ["S_OPS"], false)).size).toBe(1);
	});
});

describe("who somebody is", () => {
	test("name, verified address, time zone", async () => {
		fake.user("U_ANN", { name: "Ann Lee", email: "Ann@Acme.test" });
		expect(await groups.profile("U_ANN", false)).toEqual({
			name: "Ann Lee",
			email: "ann@acme.test",
			outsider: false,
			timezone: "Europe/Rome",
		});
	});

	test("an address that Slack does not vouch for is none", async () => {
		fake.user("U_ANN", { name: "Ann", email: "ceo@acme.test", emailConfirmed: false });
		expect((await groups.profile("U_ANN", false)).email).toBeNull();
		fake.scopes.delete("users:read.email");
		fake.user("U_BOB", { name: "Bob", email: "bob@acme.test" });
		expect((await groups.profile("U_BOB", false)).email).toBeNull();
	});

	test.each(["is_restricted", "is_ultra_restricted", "is_stranger", "is_bot", "deleted"])(
		"%s is an outsider, and the address they brought along is nobody's",
		async (flag) => {
			fake.user("U_X", { email: "ada@acme.test", flags: { [flag]: true } });
			expect(await groups.profile("U_X", false)).toMatchObject({ email: null, outsider: true });
		},
	);

	test("people of another workspace are outsiders, those of our organisation are not", async () => {
		fake.team.enterprise = "E1";
		fake.user("U_FAR", { team: "T2", enterprise: "E2" });
		fake.user("U_NEAR", { team: "T2", enterprise: "E1" });
		fake.user("U_LONE", { team: "T2" });
		expect((await groups.profile("U_FAR", false)).outsider).toBe(true);
		expect((await groups.profile("U_LONE", false)).outsider).toBe(true);
		expect((await groups.profile("U_NEAR", false)).outsider).toBe(false);
	});

	test("without an organisation, another workspace is another workspace", async () => {
		fake.user("U_FAR", { team: "T2", enterprise: "E2" });
		expect((await groups.profile("U_FAR", false)).outsider).toBe(true);
	});

	test("cannot be told when Slack does not say, or does not say who we are", async () => {
		await expect(groups.profile("U_NOBODY", false)).rejects.toMatchObject({
			kind: "not_found",
			message: "Slack does not know this person (any more): their account may have been closed.",
		});
		fake.user("U_ANN");
		fake.tokenRevoked = true;
		await expect(groups.profile("U_ANN", false)).rejects.toMatchObject({ kind: "unauthorized" });
	});
});
