import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { CallIsOff } from "./sentence.ts";
import { teamsPackage } from "./teams-package.ts";

/** `npm run manifests`: what is uploaded to chats, made from manifests/ into build/manifests/. */
const FROM = new URL("../../manifests/teams/", import.meta.url);
const TO = new URL("../manifests/", import.meta.url);

try {
	const archive = await teamsPackage(FROM, process.env);
	await mkdir(TO, { recursive: true });
	await writeFile(new URL("draven-teams.zip", TO), archive);
	process.stdout.write(`${fileURLToPath(new URL("draven-teams.zip", TO))} is packed: upload it to Teams.\n`);
} catch (error) {
	if (!(error instanceof CallIsOff)) throw error;
	process.stderr.write(`${error.message}\n`);
	process.exitCode = 2;
}
