import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { parse } from "yaml";
import { EVENTS, OPTIONAL_SCOPES, SCOPES, SLASH_COMMAND } from "../../../adapters/slack/scopes.ts";

const manifest = parse(await readFile("manifests/slack/manifest.yml", "utf8"));

test("asks for the scopes and events that the code uses, and for no others", () => {
	const { bot, bot_optional } = manifest.oauth_config.scopes;
	expect([...bot].sort()).toEqual([...SCOPES, ...Object.keys(OPTIONAL_SCOPES)].sort());
	expect([...bot_optional].sort()).toEqual(Object.keys(OPTIONAL_SCOPES).sort());
	expect([...manifest.settings.event_subscriptions.bot_events].sort()).toEqual([...EVENTS].sort());
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
		expect.objectContaining({ command: SLASH_COMMAND, should_escape: true }),
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
