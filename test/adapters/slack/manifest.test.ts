import { readdir, readFile } from "node:fs/promises";
import { describe, expect, jest, test } from "@jest/globals";
import { App } from "@slack/bolt";
import { pino } from "pino";
import { parse } from "yaml";
import { createApi } from "../../../adapters/slack/api.ts";
import { identitySource } from "../../../adapters/slack/identity.ts";
import { addListeners } from "../../../adapters/slack/listeners.ts";
import { OPTIONAL_SCOPES, SCOPES } from "../../../adapters/slack/scopes.ts";
import { RecordingFront } from "./harness.ts";

const manifest = parse(await readFile("manifests/slack/manifest.yml", "utf8"));

/** The scopes that Slack's reference asks for, by method of its Web API. */
const SCOPES_OF_METHOD: Readonly<Record<string, readonly string[]>> = {
	"apps.connections.open": [],
	"auth.test": [],
	// im:write: a message to a person by their id opens the conversation with them.
	"chat.postMessage": ["chat:write", "im:write"],
	"chat.postEphemeral": ["chat:write"],
	"chat.update": ["chat:write"],
	"conversations.history": ["channels:history", "groups:history"],
	"conversations.info": ["channels:read", "groups:read"],
	"conversations.replies": ["channels:history", "groups:history"],
	"usergroups.users.list": ["usergroups:read"],
	"users.info": ["users:read"],
	"views.open": [],
	"views.publish": [],
	"views.update": [],
};

/** The same by event, as the manifest names it. */
const SCOPES_OF_EVENT: Readonly<Record<string, readonly string[]>> = {
	app_home_opened: [],
	app_mention: ["app_mentions:read"],
	app_uninstalled: [],
	channel_archive: ["channels:read"],
	channel_rename: ["channels:read"],
	group_archive: ["groups:read"],
	group_rename: ["groups:read"],
	"message.im": ["im:history"],
	subteam_members_changed: ["usergroups:read"],
	subteam_updated: ["usergroups:read"],
	tokens_revoked: [],
	user_change: ["users:read"],
};

/** What widens a method by no method of its own, and what in the code says that it is wanted. */
const WIDENING: readonly (readonly [string, RegExp])[] = [
	["chat:write.public", /chat\.postMessage/],
	["metadata.message:read", /include_all_metadata/],
	["users:read.email", /profile\?\.email/],
];

async function source(): Promise<string> {
	const files = (await readdir("adapters/slack")).filter((name) => name.endsWith(".ts") && name !== "scopes.ts");
	return (await Promise.all(files.map((name) => readFile(`adapters/slack/${name}`, "utf8")))).join("\n");
}

/** What the app really listens to. */
function listened() {
	const log = pino({ level: "silent" });
	const app = new App({
		receiver: { init() {}, start: async () => {}, stop: async () => {} },
		authorize: async () => ({}),
		convoStore: false,
	});
	const event = jest.spyOn(app, "event");
	const command = jest.spyOn(app, "command");
	const api = createApi({ token: "xoxb-", log });
	addListeners(app, { api, identity: identitySource(api), front: () => new RecordingFront(), log });
	// Of messages, those to the bot itself are all that is listened to.
	const events = event.mock.calls.map(([name]) => (String(name) === "message" ? "message.im" : String(name)));
	return { events: [...new Set(events)].sort(), commands: command.mock.calls.length > 0 };
}

async function methods(): Promise<string[]> {
	const code = await source();
	const called = [
		...code.matchAll(/\bapi\.([a-z]+(?:\.[a-zA-Z]+)+)\(/g),
		...code.matchAll(/"((?:[a-z]+\.)+[a-zA-Z]+)"/g),
	]
		.map(([, method]) => method ?? "")
		.filter((method) =>
			/^(apps|auth|bots|chat|conversations|files|im|pins|reactions|team|usergroups|users|views)\./.test(method),
		);
	return [...new Set(called)].filter((method) => !/^(users|chat)\.(read|write)/.test(method)).sort();
}

describe("the app's manifest", () => {
	test("subscribes to the events that are listened to, and to no others", () => {
		expect([...manifest.settings.event_subscriptions.bot_events].sort()).toEqual(listened().events);
	});

	test("asks for the scopes that the events and the called methods need, and for no others", async () => {
		const called = await methods();
		expect(called.filter((method) => SCOPES_OF_METHOD[method] === undefined)).toEqual([]);
		const { events, commands } = listened();
		expect(events.filter((name) => SCOPES_OF_EVENT[name] === undefined)).toEqual([]);
		const code = await source();
		const needed = new Set([
			...called.flatMap((method) => SCOPES_OF_METHOD[method] ?? []),
			...events.flatMap((name) => SCOPES_OF_EVENT[name] ?? []),
			...(commands ? ["commands"] : []),
			...WIDENING.flatMap(([scope, sign]) => (sign.test(code) ? [scope] : [])),
		]);
		const { bot, bot_optional } = manifest.oauth_config.scopes;
		expect([...bot].sort()).toEqual([...needed].sort());
		expect([...bot].sort()).toEqual([...SCOPES, ...Object.keys(OPTIONAL_SCOPES)].sort());
		expect([...bot_optional].sort()).toEqual(Object.keys(OPTIONAL_SCOPES).sort());
	});

	test("leads everything to the one address, by https", () => {
		const { settings, features } = manifest;
		const urls = [
			settings.event_subscriptions.request_url,
			settings.interactivity.request_url,
			settings.interactivity.message_menu_options_url,
			...features.slash_commands.map((command: { url: string }) => command.url),
		];
		expect(new Set(urls)).toEqual(new Set(["https://draven.example.com/slack/events"]));
		expect(settings.interactivity.is_enabled).toBe(true);
	});

	test("has the command escaped, the Home tab on, and messages that can be written", () => {
		expect(manifest.features.slash_commands).toEqual([
			expect.objectContaining({ command: "/deploy", should_escape: true }),
		]);
		expect(manifest.features.app_home).toEqual({
			...{ home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
		});
	});

	test("keeps within what Slack shows", () => {
		const { name, description, long_description } = manifest.display_information;
		expect(name.length).toBeLessThanOrEqual(35);
		expect(description.length).toBeLessThanOrEqual(140);
		expect(long_description.length).toBeGreaterThanOrEqual(175);
		expect(manifest.features.bot_user.display_name).toBe("DRAVEN");
	});
});
