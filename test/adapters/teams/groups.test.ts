import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { VendorError } from "../../../src/ports/vendor-error.ts";
import { FakeTeams } from "../../fakes/teams.ts";
import { Harness } from "./harness.ts";

let there: Harness;
beforeEach(async () => {
	there = await Harness.open();
	there.fake.directory.user("ada", { displayName: "Ada", mail: "Ada@Acme.test" });
});
afterEach(() => there.close());

describe("who people are", () => {
	test("a member has the name and the address of the directory", async () => {
		expect(await there.teams.groups.profile("ada", false)).toEqual({
			...{ name: "Ada", email: "ada@acme.test", otherAddresses: [], outsider: false, timezone: null },
		});
		there.fake.directory.user("bob", { userPrincipalName: "Bob@acme.test" });
		expect(await there.teams.groups.profile("bob", false)).toMatchObject({ email: "bob@acme.test", outsider: false });
	});

	test("an address of a domain that the directory has not proven to own joins nobody: any text can stand there", async () => {
		there.fake.directory.user("eve", { userPrincipalName: "Eve@evil.test", mail: "Boss@Acme.test" });
		expect(await there.teams.groups.profile("eve", false)).toMatchObject({
			...{ email: "eve@evil.test", otherAddresses: ["boss@acme.test"] },
		});
		there.fake.directory.user("odd", { userPrincipalName: "odd", mail: "boss@acme.test" });
		expect(await there.teams.groups.profile("odd", false)).toMatchObject({
			...{ email: null, otherAddresses: ["boss@acme.test"] },
		});
		there.fake.directory.user("two", { userPrincipalName: "t.wo@acme.test", mail: "two@acme.test" });
		expect(await there.teams.groups.profile("two", false)).toMatchObject({
			...{ email: "two@acme.test", otherAddresses: ["t.wo@acme.test"] },
		});
	});

	test.each([
		["a guest", { userType: "Guest", mail: "ada@acme.test" }],
		["a guest whose kind is not told", { userType: null, userPrincipalName: "ada_other.test#EXT#@acme.test" }],
	])("%s is an outsider, and the address they brought along is nobody's", async (_, user) => {
		there.fake.directory.user("guest", user);
		expect(await there.teams.groups.profile("guest", false)).toMatchObject({ email: null, outsider: true });
	});

	test("so is whose account is switched off, and whom the directory does not know", async () => {
		there.fake.directory.user("gone", { accountEnabled: false, mail: "gone@acme.test" });
		expect(await there.teams.groups.profile("gone", false)).toMatchObject({ email: null, outsider: true });
		expect(await there.teams.groups.profile("of-another-tenant", false)).toMatchObject({ email: null, outsider: true });
	});
});

describe("which groups they are in", () => {
	beforeEach(() => {
		there.fake.directory.group("inner", "ada");
		there.fake.directory.group("outer", "inner");
		there.fake.directory.group("other", "bob");
	});

	test("nested ones too, 20 a call", async () => {
		const many = Array.from({ length: 43 }, (_, n) => `group-${String(n).padStart(2, "0")}`);
		there.fake.directory.group("group-41", "ada");
		const found = await there.teams.groups.memberOf("ada", ["outer", "other", ...many], false);
		expect([...found].sort()).toEqual(["group-41", "outer"]);
		expect(there.fake.directory.checked.map((call) => call.length)).toEqual([20, 20, 5]);
	});

	test("what was read is kept for a moment, and never when it is asked for afresh", async () => {
		const ask = (fresh: boolean) => there.teams.groups.memberOf("ada", ["inner"], fresh);
		await ask(false);
		there.fake.directory.groups.get("inner")?.delete("ada");
		expect([...(await ask(false))]).toEqual(["inner"]);
		expect([...(await ask(true))]).toEqual([]);
		expect(there.fake.directory.checked).toHaveLength(2);
	});

	test("what cannot be read is not answered from what was known", async () => {
		await there.teams.groups.memberOf("ada", ["inner"], false);
		there.fake.fail("checkMemberGroups", { status: 429, retryAfter: 17 });
		const asked = there.teams.groups.memberOf("ada", ["inner"], true);
		await expect(asked).rejects.toMatchObject({ kind: "rate_limited", retryAfter: 17 });
		there.fake.fail("checkMemberGroups", { status: 403, code: "Authorization_RequestDenied" });
		await expect(there.teams.groups.memberOf("ada", ["inner"], true)).rejects.toMatchObject({
			kind: "unauthorized",
			message: expect.stringContaining("User.Read.All and GroupMember.Read.All"),
		});
		there.fake.fail("checkMemberGroups", "answer_lost");
		await expect(there.teams.groups.memberOf("ada", ["inner"], true)).rejects.toBeInstanceOf(VendorError);
	});

	test("an id that is none has no members, and does not hide the others", async () => {
		const found = await there.teams.groups.memberOf("ada", ["not an id", "outer"], false);
		expect([...found]).toEqual(["outer"]);
	});
});

describe("who is in a group", () => {
	const names = async (group: string) => (await there.teams.groups.membersOf(group)).map(({ name }) => name);

	test("people of the directory, of nested groups too: no guests, nobody whose account is closed", async () => {
		there.fake.directory.user("bob", { displayName: "Bob" });
		there.fake.directory.user("guest", { userType: "Guest" });
		there.fake.directory.user("ext", { userType: null, userPrincipalName: "ext_other.test#EXT#@acme.test" });
		there.fake.directory.user("gone", { accountEnabled: false });
		there.fake.directory.group("inner", "bob", "ext");
		there.fake.directory.group("outer", "ada", "inner", "guest", "gone");
		expect(await there.teams.groups.membersOf("outer")).toEqual([
			{ id: "ada", name: "Ada" },
			{ id: "bob", name: "Bob" },
		]);
	});

	test("page by page, and no more than 300", async () => {
		const many = Array.from({ length: 450 }, (_, n) => `user-${n}`);
		for (const user of many) there.fake.directory.user(user);
		there.fake.directory.group("all", ...many);
		there.fake.directory.group("some", ...many.slice(0, 150));
		expect(await names("some")).toEqual(many.slice(0, 150));
		expect(await names("all")).toEqual(many.slice(0, 300));
	});

	test("no further page is read at another server: it would be sent our token", async () => {
		const other = await FakeTeams.start();
		try {
			const many = Array.from({ length: 150 }, (_, n) => `user-${n}`);
			for (const user of many) there.fake.directory.user(user);
			there.fake.directory.group("some", ...many);
			there.fake.directory.nextPageAt = `${other.graphUrl}/v1.0/groups/some/transitiveMembers/microsoft.graph.user`;
			for (const user of [...many, "eve"]) other.directory.user(user);
			other.directory.group("some", ...many, "eve");
			expect(await names("some")).toEqual(many.slice(0, 100));
		} finally {
			await other.stop();
		}
	});

	test("nobody when it cannot be read; it is read again the next time, and then kept for a while", async () => {
		there.fake.directory.group("leads", "ada");
		for (const fault of [{ status: 403, code: "Authorization_RequestDenied" }, "answer_lost"] as const) {
			there.fake.fail("members", fault);
			expect(await names("leads")).toEqual([]);
		}
		expect(await names("leads")).toEqual(["Ada"]);
		there.fake.fail("members", { status: 503 });
		expect(await names("leads")).toEqual(["Ada"]);
		expect(await names("no-such-group")).toEqual([]);
	});
});

test("Graph is asked again with a new token when it does not accept the old one", async () => {
	await there.teams.groups.profile("ada", false);
	there.later = 120_000;
	there.fake.fail("users", { status: 401 });
	expect((await there.teams.groups.profile("ada", false)).name).toBe("Ada");
	expect(there.fake.tokensGiven).toBe(2);
});

test("one token serves many questions, and a wrong secret is said without showing it", async () => {
	await Promise.all([there.teams.groups.profile("ada", false), there.teams.groups.memberOf("ada", ["x"], true)]);
	expect(there.fake.tokensGiven).toBe(1);
	const other = await Harness.open();
	try {
		other.fake.fail("token", { status: 401 });
		await expect(other.teams.groups.profile("ada", false)).rejects.toMatchObject({
			kind: "unauthorized",
			message: expect.not.stringContaining(other.fake.appPassword),
		});
	} finally {
		await other.close();
	}
});
