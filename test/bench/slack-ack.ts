import { createHmac } from "node:crypto";
import { compareServers } from "./compare-servers.ts";
import { type MakeRequest, post } from "./http-load.ts";
import { SECRET } from "./http-server.ts";
import type { Figure } from "./report.ts";

/** A signed command, acknowledged after it was stored, against Bolt's own receiver, which acknowledges it and forgets it. */
export const benchSlackAck = (server: string): Promise<Figure[]> =>
	compareServers(server, {
		...{ part: "ack", what: "durable ack of a command, of Bolt's empty ack", floor: 70, goal: 100 },
		...{ kind: "bolt", name: "Bolt's HTTPReceiver", make: commands() },
	});

/** What Slack sends for `/deploy`, each time another one. */
function commands(): MakeRequest {
	const mark = "777777777777";
	const form = new URLSearchParams({
		...{ token: "verification", team_id: "T0123456789", team_domain: "acme", channel_id: "C0123456789" },
		...{ channel_name: "deploys", user_id: "U0123456789", user_name: "ada", command: "/deploy" },
		...{ text: "web@v1.4.2 to production", api_app_id: "A0123456789", is_enterprise_install: "false" },
		response_url: `https://hooks.slack.com/commands/T0123456789/${mark}/abcdefghijklmnopqrstuvwx`,
		trigger_id: `${mark}.1234567890.0123456789abcdef0123456789abcdef`,
	});
	const parts = form.toString().split(mark);
	let sent = 100_000_000_000;
	return () => {
		sent += 1;
		const body = Buffer.from(parts.join(String(sent)));
		const timestamp = String(Math.floor(Date.now() / 1_000));
		const signature = createHmac("sha256", SECRET).update(`v0:${timestamp}:`).update(body).digest("hex");
		const headers = {
			"content-type": "application/x-www-form-urlencoded",
			"user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
			...{ "x-slack-request-timestamp": timestamp, "x-slack-signature": `v0=${signature}` },
		};
		return post("/slack/events", headers, body);
	};
}
