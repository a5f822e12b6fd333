import { isLoopbackHost } from "../../src/core/base-url.ts";

/** The hosts of Microsoft's Bot Connector, in its public and its national clouds. */
const MICROSOFT = [
	"smba.trafficmanager.net",
	".botframework.com",
	".teams.microsoft.com",
	".teams.microsoft.us",
	".botframework.azure.us",
	".botframework.azure.cn",
];

/** Where a channel is reached that nothing was heard from yet. */
export const ANY_REGION = "https://smba.trafficmanager.net/teams/";

/**
 * Whether our token may be sent there. An activity names the server that answers go to; its sender is known by then, and all the same
 * nobody but Microsoft ever gets the token. `loopback`: this machine too (the Playground, tests).
 */
export function isServiceUrl(text: string, loopback: boolean): boolean {
	if (!URL.canParse(text)) return false;
	const { protocol, hostname, username, password } = new URL(text);
	if (username !== "" || password !== "") return false;
	if (isLoopbackHost(hostname)) return loopback && (protocol === "http:" || protocol === "https:");
	return (
		protocol === "https:" &&
		MICROSOFT.some((host) => (host.startsWith(".") ? hostname.endsWith(host) : hostname === host))
	);
}
