import { describe, expect, test } from "@jest/globals";
import { Activity, placeOf } from "../../../adapters/teams/activity.ts";
import { readText } from "../../../adapters/teams/read-text.ts";

const said = (text: string, more: object = {}) =>
	Activity.parse({
		...{ type: "message", channelId: "msteams", serviceUrl: "https://smba.trafficmanager.net/emea/", text },
		conversation: { id: "19:x@thread.tacv2;messageid=17", conversationType: "channel", tenantId: "t" },
		recipient: { id: "28:bot", name: "DRAVEN" },
		entities: [{ type: "mention", text: "<at>DRAVEN</at>", mentioned: { id: "28:bot", name: "DRAVEN" } }],
		...more,
	});

describe("what the person meant", () => {
	test.each([
		["<at>DRAVEN</at> deploy web to stage", "deploy web to stage"],
		["<at>DRAVEN</at>&nbsp;deploy web\u00a0to stage\n", "deploy web to stage"],
		["<at>DRAVEN</at> approve &quot;looks &amp; feels good&quot; &lt;3", 'approve "looks & feels good" <3'],
		["&amp;lt;b&amp;gt;", "&lt;b&gt;"],
		["<p><at>DRAVEN</at> status <b>web</b></p>", "status web"],
		["<at>DRAVEN</at> nudge <at>Ada Lovelace</at>", "nudge @Ada Lovelace"],
		["deploy web&#64;v1 to stage", "deploy web@v1 to stage"],
		["status &#0;&#xd800;", "status"],
		["", ""],
		["<at>DRAVEN</at> /deploy web to stage", "web to stage"],
		["`deploy web@v1 to stage`", "deploy web@v1 to stage"],
		["deploy\u200b web to\u200e stage", "deploy web to stage"],
	])("%j", (text, meant) => {
		expect(readText(said(text)).replace(/\s+/g, " ").trim()).toBe(meant);
	});
});

test("the conversation of a channel names the thread; a chat has none", () => {
	expect(placeOf(said("x"))).toEqual({ channel: "19:x@thread.tacv2", thread: "17", personal: false });
	const chat = said("x", { conversation: { id: "a:1", conversationType: "personal", tenantId: "t" } });
	expect(placeOf(chat)).toEqual({ channel: "a:1", thread: null, personal: true });
});
