import { readFile } from "node:fs/promises";
import { checkBaseUrl } from "./core/base-url.ts";
import { CallIsOff } from "./sentence.ts";
import { zip } from "./zip.ts";

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What stands in the manifest where the bot's id belongs. */
const NO_APP = "00000000-0000-0000-0000-000000000000";

/** The manifest of the Teams app for one registration and one server. `folder`: manifests/teams, with a trailing slash. */
export async function teamsManifest(
	folder: URL,
	env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly text: string; readonly host: string }> {
	const appId = env["MicrosoftAppId"]?.trim() ?? "";
	if (!GUID.test(appId))
		throw new CallIsOff("MicrosoftAppId has to be the application (client) ID of the bot's registration, a GUID.");
	const publicUrl = checkBaseUrl(env["PUBLIC_URL"]?.trim() ?? "");
	if (!publicUrl.ok || !publicUrl.url.startsWith("https://"))
		throw new CallIsOff("PUBLIC_URL has to be the https address of your server: Teams takes no other.");
	const { host } = new URL(publicUrl.url);
	const text = await readFile(new URL("manifest.json", folder), "utf8");
	return {
		host,
		text: text
			.replaceAll(NO_APP, appId)
			.replaceAll("https://draven.example.com", publicUrl.url)
			.replaceAll("draven.example.com", host),
	};
}

/** What is uploaded to Teams: the manifest and its icons. */
export async function teamsPackage(folder: URL, env: Readonly<Record<string, string | undefined>>): Promise<Buffer> {
	const { text } = await teamsManifest(folder, env);
	const icon = async (name: string) => ({ name, content: await readFile(new URL(name, folder)) });
	return zip([
		{ name: "manifest.json", content: Buffer.from(text, "utf8") },
		await icon("color.png"),
		await icon("outline.png"),
	]);
}
