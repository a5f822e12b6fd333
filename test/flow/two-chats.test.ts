import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { linkIdentity, listPeople } from "../../src/store/people.ts";
import { bodyReader } from "../../src/web/read-body.ts";
import type { FakeTeams } from "../fakes/teams.ts";
import { buttonsOn, textOf } from "../fakes/teams-card.ts";
import { SlackWorld } from "../support/slack-world.ts";
import { connectTeams, teamsChannel } from "../support/teams-world.ts";

const EVERYWHERE = { projects: ["*"], environments: ["*"] };

let slack: SlackWorld;
let teams: FakeTeams;
let server: Server;
beforeEach(async () => {
	slack = await SlackWorld.open({
		access: [
			{ role: "operator", subjects: [{ slackGroup: "S_OPS" }, { entraGroup: "S_OPS" }], ...EVERYWHERE },
			{ role: "approver", subjects: [{ slackGroup: "S_LEADS" }, { entraGroup: "S_LEADS" }], ...EVERYWHERE },
		],
		channels: (environment) => ({ slack: `C_${environment.toUpperCase()}`, teams: teamsChannel(environment) }),
	});
	const connected = await connectTeams(slack.world);
	teams = connected.fake;
	const read = bodyReader();
	server = createServer((request, response) => connected.teams.inbox(request, response, read));
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	teams.botUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
	await teams.install(teamsChannel("stage"));
	await slack.world.work();
});
afterEach(async () => {
	server.closeAllConnections();
	await new Promise((resolve) => server.close(resolve));
	await teams.stop();
	await slack.close();
});

const inSlack = () => slack.card("C_PRODUCTION");
const inTeams = () => {
	const [card] = teams.roots(teamsChannel("production"));
	if (card === undefined) throw new Error("nothing was posted in Teams");
	return card;
};
const press = async (user: string, label: string) => {
	await teams.press(user, inTeams(), label);
	await slack.world.work();
	return textOf(teams.toldTo(user).at(-1)?.card ?? {});
};

test("a run shows in both channels of its environment, both cards follow, and approvals count wherever they are given", async () => {
	await slack.say("U_OPS", "shop@v1.0.0 to production");
	expect(inSlack().text).toBe(textOf(inTeams().card));
	await slack.click("U_ANN", inSlack(), "Approve");
	expect(textOf(inTeams().card)).toContain("1 of 2");
	await slack.world.pass(1_000);
	await press("U_BOB", "Approve");
	await slack.world.finish(await slack.run(1), "succeeded");
	for (const text of [inSlack().text, textOf(inTeams().card)]) {
		expect(text).toContain("Succeeded");
		expect(text).toContain("Approved by: U_ANN, U_BOB");
	}
	expect(buttonsOn(inTeams().card)).toEqual([]);
	expect(teams.repliesTo(inTeams()).map(({ card }) => textOf(card))).toEqual(
		slack.story(inSlack()).map((text) => expect.stringContaining(text.slice(0, 20))),
	);
});

test("who asked in Slack does not approve in Teams: the same verified address is the same person", async () => {
	slack.fake.user("U_OPS", { email: "ops@acme.test", name: "U_OPS" });
	teams.directory.user("e-ops", { displayName: "Ops of Teams", mail: "Ops@Acme.test" });
	teams.installed.add("e-ops");
	teams.directory.groups.get("S_LEADS")?.add("e-ops");
	await slack.say("U_OPS", "shop@v1.0.0 to production");
	expect(await press("e-ops", "Approve")).toContain("nobody approves what they asked for");
	expect(textOf(inTeams().card)).toContain("0 of 2");
});

test("and who asked in Teams does not approve in Slack", async () => {
	slack.fake.user("U_ANN", { email: "ann@acme.test", name: "U_ANN" });
	teams.directory.user("e-ann", { displayName: "Ann of Teams", mail: "ann@acme.test" });
	teams.installed.add("e-ann");
	teams.directory.groups.get("S_OPS")?.add("e-ann");
	await teams.write("e-ann", "shop@v1.0.0 to production");
	await slack.world.work();
	await slack.click("U_ANN", inSlack(), "Approve");
	expect(slack.fake.toldTo("U_ANN").at(-1)?.text).toContain("nobody approves what they asked for");
	expect(inSlack().text).toContain("0 of 2");
});

test("an address that Entra does not vouch for makes nobody somebody else, and keeps both from deciding for each other", async () => {
	slack.fake.user("U_ANN", { email: "ann@acme.test", name: "U_ANN" });
	slack.fake.user("U_OPS", { email: "ops@acme.test", name: "U_OPS" });
	for (const [user, mail] of [
		["e-eve", "ann@acme.test"],
		["e-ops", "ops@acme.test"],
	] as const) {
		teams.directory.user(user, { displayName: user, userPrincipalName: `${user}@acme.onmicrosoft.test`, mail });
		teams.installed.add(user);
		teams.directory.groups.get("S_LEADS")?.add(user);
	}
	await slack.say("U_ANN", "status");
	await slack.say("U_OPS", "shop@v1.0.0 to production");
	expect(await press("e-ops", "Approve")).toContain("nobody approves what they asked for");
	teams.directory.groups.get("S_OPS")?.add("e-ops");
	await teams.write("e-ops", "cancel #1");
	await slack.world.work();
	expect((await slack.run(1)).progress.state).toBe("waiting_approval");
	await press("e-eve", "Approve");
	const people = await listPeople(slack.world.deps.db);
	const idOf = (externalId: string) =>
		people.find(({ identities }) => identities.some((one) => one.externalId === externalId))?.id;
	expect(idOf("e-eve")).not.toBe(idOf("U_ANN"));
	expect(idOf("e-ops")).not.toBe(idOf("U_OPS"));
	expect(textOf(inTeams().card)).toContain("1 of 2");
	await slack.click("U_ANN", inSlack(), "Approve");
	expect(textOf(inTeams().card)).toContain("1 of 2");
});

test("nor who was linked by an admin, and one person's two accounts approve once", async () => {
	await slack.say("U_TWO", "shop@v1.0.0 to production");
	await slack.say("U_ANN", "status");
	const { db, auditKey } = slack.world.deps;
	const link = async (name: string, externalId: string) => {
		const person = (await listPeople(db)).find((one) => one.name === name);
		if (person === undefined) throw new Error(`${name} is not known`);
		const identity = { platform: "teams" as const, tenant: teams.tenant, externalId, email: null };
		await linkIdentity({ db, auditKey, now: () => slack.world.now() }, person, identity, {
			...{ id: null, name: "admin", via: "system" },
		});
	};
	teams.directory.user("e-two");
	teams.installed.add("e-two");
	teams.directory.groups.get("S_LEADS")?.add("e-two");
	await link("U_TWO", "e-two");
	await link("U_ANN", "U_ANN");
	expect(await press("e-two", "Approve")).toContain("nobody approves what they asked for");
	await slack.click("U_ANN", inSlack(), "Approve");
	expect(await press("U_ANN", "Approve")).not.toBe("");
	expect(textOf(inTeams().card)).toContain("1 of 2");
});

test("what holds one chat up does not hold up the other", async () => {
	teams.fail("create", { status: 429, retryAfter: 60 });
	await slack.say("U_OPS", "shop@v1.0.0 to production");
	expect(inSlack().text).toContain("Waiting for approval");
	expect(teams.roots(teamsChannel("production"))).toEqual([]);
	await slack.world.pass(61_000);
	expect(textOf(inTeams().card)).toBe(inSlack().text);
});

test("who removes the app from the team in the middle of a run stops neither the run nor the card of the other chat", async () => {
	await slack.say("U_OPS", "shop@v1.0.0 to production");
	const channel = teamsChannel("production");
	teams.joined.delete(channel);
	await teams.install(channel, "membersRemoved");
	for (const user of ["U_ANN", "U_BOB"]) await slack.click(user, inSlack(), "Approve");
	await slack.world.pass(1_000);
	await slack.world.finish(await slack.run(1), "succeeded");
	expect(inSlack().text).toContain("Succeeded");
	expect(slack.story(inSlack()).at(-1)).toContain("ucceeded");
	expect(textOf(inTeams().card)).toContain("0 of 2");
	const said = slack.fake.messages.filter(({ text }) => text.includes("I am not in this Teams conversation"));
	expect(said).toHaveLength(1);
	expect(said[0]?.channel).not.toMatch(/^C_/);
});
