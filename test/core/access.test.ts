import { describe, expect, test } from "@jest/globals";
import {
	type AccessBinding,
	type Action,
	holdersOf,
	may,
	type Principal,
	ROLES,
	type Role,
	rolesIn,
} from "../../src/core/access.ts";
import { directoryId } from "../../src/core/directory-id.ts";
import { BOB } from "./a-run.ts";

const somebody = (more: Partial<Principal> = {}): Principal => ({
	person: BOB,
	identities: [
		{ platform: "slack", externalId: "U1" },
		{ platform: "teams", externalId: "T1" },
	],
	emails: ["bob@acme.test"],
	outsider: false,
	groups: { known: true, ids: new Set(["S1"]) },
	...more,
});
const bind = (role: Role, more: Partial<AccessBinding> = {}): AccessBinding => ({
	role,
	subjects: [{ slackGroup: "S1" }],
	projects: ["*"],
	environments: ["*"],
	...more,
});
const HERE = { project: "web-shop", environment: "production" };

describe("what a role may", () => {
	const ALLOWED: Record<Role, readonly Action[]> = {
		viewer: ["view"],
		operator: ["view", "deploy", "dry_run", "rollback", "cancel_own", "lock"],
		approver: ["view", "approve", "reject"],
		admin: ["view", "cancel_any", "steal_lock", "unlock_other", "configure"],
		emergency: ["view"],
	};
	const ACTIONS: readonly Action[] = [...new Set(Object.values(ALLOWED).flat())];
	test.each(ROLES)("%s", (role) => {
		const allowed = ACTIONS.filter((action) => may(action, [bind(role)], somebody(), HERE).ok);
		expect(new Set(allowed)).toEqual(new Set(ALLOWED[role]));
	});
	test.each(ROLES)("%s, for a guest: to look", (role) => {
		const own = bind(role, { subjects: [{ slackGroup: "S1" }, { slackUser: "U1" }, { email: "bob@acme.test" }] });
		const guest = somebody({ outsider: true });
		expect(ACTIONS.filter((action) => may(action, [own], guest, HERE).ok)).toEqual(["view"]);
		expect(may("deploy", [own], guest, HERE)).toMatchObject({ code: "outsider" });
	});
});

describe("whom a binding means", () => {
	const WHO: readonly (readonly [subject: AccessBinding["subjects"][number], meant: boolean])[] = [
		[{ slackGroup: "S1" }, true],
		[{ slackGroup: "S2" }, false],
		[{ entraGroup: "G1" }, false],
		[{ slackUser: "U1" }, true],
		[{ slackUser: "T1" }, false],
		[{ slackUser: "u1" }, false],
		[{ entraUser: "T1" }, true],
		[{ entraUser: "U1" }, false],
		[{ email: "Bob@Acme.test" }, true],
		[{ email: "bob@acme.test.evil" }, false],
		[{ local: "U1" }, false],
	];
	test.each(WHO)("%j", (subject, meant) => {
		expect(rolesIn([bind("operator", { subjects: [subject] })], somebody(), HERE).has("operator")).toBe(meant);
	});
});

test("an id of Microsoft's directory is the same in whatever case it is written", () => {
	const id = "0f9c1b2a-7b1e-4e01-91ab-428b738cc42f";
	expect([directoryId(id.toUpperCase()), directoryId("19:ABC@thread.tacv2"), directoryId("T1")]).toEqual([
		id,
		"19:ABC@thread.tacv2",
		"T1",
	]);
	const identities = [{ platform: "teams", externalId: id }];
	const subjects = [{ entraUser: id.toUpperCase() }];
	expect(rolesIn([bind("operator", { subjects })], { ...somebody(), identities }, HERE).has("operator")).toBe(true);
});

describe("where a binding holds", () => {
	test.each([
		[["web-shop"], ["production"], true],
		[["web-*"], ["prod*"], true],
		[["*"], ["stage", "demo"], false],
		[["api"], ["*"], false],
		[[], ["*"], false],
		[["web"], ["*"], false],
		[["!api"], ["*"], false],
		[["**"], ["{stage,production}"], true],
	])("%j / %j", (projects, environments, holds) => {
		expect(may("deploy", [bind("operator", { projects, environments })], somebody(), HERE).ok).toBe(holds);
	});
});

describe("when groups cannot be read", () => {
	const blind = somebody({ groups: { known: false, why: "Slack is silent." } });
	test("what they would decide is denied, and it says so", () => {
		expect(may("deploy", [bind("operator")], blind, HERE)).toMatchObject({ ok: false, code: "groups_unreadable" });
	});
	test("what is given to the person holds, and what no group would give is simply missing", () => {
		expect(may("deploy", [bind("operator", { subjects: [{ slackUser: "U1" }] })], blind, HERE).ok).toBe(true);
		expect(may("approve", [bind("operator")], blind, HERE)).toMatchObject({ code: "no_right", missing: "approver" });
	});
});

test("who can help is told: only those of this place, each once", () => {
	const bindings = [
		bind("approver", { subjects: [{ slackGroup: "S9" }, { email: "ada@acme.test" }] }),
		bind("approver", { subjects: [{ slackGroup: "S9" }, { entraGroup: "G9" }] }),
		bind("approver", { subjects: [{ slackUser: "U9" }], environments: ["stage"] }),
	];
	expect(may("approve", bindings, somebody(), HERE)).toMatchObject({
		holders: { role: "approver", subjects: [{ slackGroup: "S9" }, { email: "ada@acme.test" }, { entraGroup: "G9" }] },
	});
	expect(may("approve", [], somebody(), HERE)).toMatchObject({ holders: { subjects: [], tokens: false } });
	const ada = { identities: [{ platform: "slack", externalId: "U9" }], emails: ["ada@acme.test"] };
	expect(holdersOf(bindings, "approver", HERE, ada)).toEqual([{ slackGroup: "S9" }, { entraGroup: "G9" }]);
	expect(holdersOf(bindings, "approver", { ...HERE, environment: "stage" }, ada)).toEqual([
		{ slackGroup: "S9" },
		{ entraGroup: "G9" },
	]);
});

test("a token's role holds where the token reaches; what is everybody's it does not touch", () => {
	const token = somebody({
		tokenRoles: ["admin"],
		tokenReach: { projects: ["web", "shop-*"], environments: ["stage"] },
	});
	const at = (project: string, environment: string, action: Action = "deploy") =>
		may(action, [], token, { project, environment }).ok;
	expect([at("web", "stage"), at("shop-eu", "stage"), at("web", "production"), at("blog", "stage")]).toEqual([
		...[true, true, false, false],
	]);
	expect([at("web", "stage", "view"), at("blog", "production", "view")]).toEqual([true, false]);
	expect(at("*", "*", "configure")).toBe(false);
	expect(may("deploy", [], token, { project: "blog", environment: "stage" })).toMatchObject({
		...{ ok: false, code: "token_scope", reach: { projects: ["web", "shop-*"] } },
	});
	const viewer = somebody({ tokenRoles: ["viewer"], tokenReach: { projects: ["web"], environments: ["*"] } });
	expect(may("deploy", [], viewer, { project: "blog", environment: "stage" })).toMatchObject({ code: "no_right" });
});

test("a glob for one letter is not everything", () => {
	const everything = { project: "*", environment: "*" };
	const bound = (glob: string) =>
		may("configure", [bind("admin", { projects: [glob], environments: [glob] })], somebody(), everything).ok;
	expect([bound("?"), bound("[!a]"), bound("*"), bound("**")]).toEqual([false, false, true, true]);
});

test("a token has its role, an admin's all but emergency, and no binding of its owner", () => {
	const roles = (...tokenRoles: Role[]) => [...rolesIn([], somebody({ tokenRoles }), HERE)].sort();
	expect(roles()).toEqual(["viewer"]);
	expect(roles("operator")).toEqual(["operator", "viewer"]);
	expect(roles("approver")).toEqual(["approver", "viewer"]);
	expect(roles("admin")).toEqual(["admin", "approver", "operator", "viewer"]);
});
