import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { pino } from "pino";
import { createApi } from "../../../adapters/slack/api.ts";
import { examineSlack } from "../../../adapters/slack/examine.ts";
import { examineChannels } from "../../../adapters/slack/examine-channels.ts";
import { FakeSlack } from "../../fakes/slack.ts";

let fake: FakeSlack;
beforeEach(async () => {
	fake = await FakeSlack.start();
});
afterEach(() => fake.stop());

const examine = (more: { botToken?: string; appToken?: string } = {}) =>
	examineSlack({ botToken: fake.botToken, apiUrl: fake.apiUrl, ...more });
const bad = async (more = {}) => (await examine(more)).filter((one) => one.state !== "ok");

test("all is well", async () => {
	expect(await bad({ appToken: fake.appToken })).toEqual([]);
});

test("a token that is not accepted is named", async () => {
	expect(await bad({ botToken: "xoxb-old" })).toEqual([
		expect.objectContaining({
			state: "wrong",
			found: expect.stringMatching(/SLACK_BOT_TOKEN.*invalid_auth/),
			mend: expect.any(String),
		}),
	]);
});

test("scopes that are needed are wrong when they are missing, the others a warning", async () => {
	fake.scopes.delete("usergroups:read");
	fake.scopes.delete("users:read.email");
	expect(await bad()).toEqual([
		expect.objectContaining({ state: "wrong", found: expect.stringContaining("usergroups:read") }),
		expect.objectContaining({ state: "warning", check: "Slack scope users:read.email" }),
	]);
});

test("a clock that is off is found", async () => {
	fake.clockAhead = 90;
	expect(await bad()).toEqual([
		expect.objectContaining({ state: "wrong", found: expect.stringMatching(/(89|90|91) s off/) }),
	]);
});

test("an app token that is not accepted is named", async () => {
	expect(await bad({ appToken: "xapp-old" })).toEqual([
		expect.objectContaining({
			check: "Slack Socket Mode",
			state: "wrong",
			found: expect.stringContaining("SLACK_APP_TOKEN"),
		}),
	]);
});

test("the channels of environments are looked at, each once", async () => {
	for (const channel of ["C_IN", "C_OLD"]) fake.joined.add(channel);
	fake.archived.add("C_OLD");
	fake.open.add("C_OUT");
	const api = createApi({ token: fake.botToken, apiUrl: fake.apiUrl, log: pino({ level: "silent" }) });
	expect(await examineChannels(api, ["C_IN", "C_OLD", "C_OUT", "C_TYPO", "C_IN"])).toEqual([
		expect.objectContaining({ check: "Slack channel C_IN", state: "ok", found: "the bot is in #c_in" }),
		expect.objectContaining({ check: "Slack channel C_OLD", state: "wrong", found: "#c_old is archived" }),
		expect.objectContaining({
			check: "Slack channel C_OUT",
			state: "warning",
			mend: expect.stringContaining("/invite"),
		}),
		expect.objectContaining({ check: "Slack channel C_TYPO", state: "wrong", mend: expect.stringContaining("id") }),
	]);
	fake.fail("conversations.info", { status: 429, retryAfter: 5 });
	expect(await examineChannels(api, ["C_IN"])).toEqual([expect.objectContaining({ state: "warning" })]);
	fake.tokenRevoked = true;
	expect(await examineChannels(api, ["C_IN"])).toEqual([]);
});

test("Slack that cannot be reached is one finding", async () => {
	fake.fail("auth.test", "hang_up");
	expect(await bad()).toEqual([expect.objectContaining({ state: "wrong", found: "Slack could not be reached" })]);
});
