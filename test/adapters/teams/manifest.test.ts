import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { VERBS } from "../../../src/core/verbs.ts";
import { teamsManifest, teamsPackage } from "../../../src/teams-package.ts";

const FOLDER = pathToFileURL("manifests/teams/");
const ENV = { MicrosoftAppId: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", PUBLIC_URL: "https://draven.acme.test/releases" };

interface Manifest {
	readonly id: string;
	readonly developer: Readonly<Record<string, string>>;
	readonly icons: Readonly<Record<string, string>>;
	readonly validDomains: readonly string[];
	readonly bots: readonly {
		readonly botId: string;
		readonly scopes: readonly string[];
		readonly commandLists: readonly {
			readonly scopes: readonly string[];
			readonly commands: readonly { readonly title: string; readonly description: string }[];
		}[];
	}[];
}

const made = async (): Promise<Manifest> => JSON.parse((await teamsManifest(FOLDER, ENV)).text);

describe("the manifest of the Teams app", () => {
	test("is what Microsoft's schema asks for", async () => {
		const { text } = await teamsManifest(FOLDER, ENV);
		expect(await problemsOf(text)).toEqual([]);
		expect(await problemsOf(text.replace("personal", "everywhere"))).not.toEqual([]);
	});

	test("is of this bot and this server, by https alone", async () => {
		const manifest = await made();
		expect(manifest.id).toBe(ENV.MicrosoftAppId);
		expect(manifest.bots.map(({ botId }) => botId)).toEqual([ENV.MicrosoftAppId]);
		for (const [name, value] of Object.entries(manifest.developer))
			if (name.endsWith("Url")) expect(value).toMatch(/^https:\/\/draven\.acme\.test\//);
		expect(manifest.validDomains).toEqual(["draven.acme.test"]);
		expect(JSON.stringify(manifest)).not.toMatch(/0000-0000|example\.com|http:/);
	});

	test("lists commands that there are, in the words of help", async () => {
		const [bot] = (await made()).bots;
		expect(bot?.scopes).toEqual(["personal", "team", "groupChat"]);
		for (const { scopes, commands } of bot?.commandLists ?? []) {
			expect(scopes).toEqual(bot?.scopes);
			expect(commands.length).toBeLessThanOrEqual(10);
			for (const { title, description } of commands) {
				const [, verb] = Object.entries(VERBS).find(([name]) => name === title) ?? [];
				expect(description.toLowerCase()).toBe(verb?.does?.toLowerCase());
			}
		}
	});

	test("has icons of the sizes that Teams wants, the outline white on nothing", async () => {
		const { icons } = await made();
		expect(await sizeOf(icons["color"])).toEqual([192, 192]);
		expect(await sizeOf(icons["outline"])).toEqual([32, 32]);
	});

	test.each([
		["MicrosoftAppId", { ...ENV, MicrosoftAppId: "draven" }],
		["PUBLIC_URL", { ...ENV, PUBLIC_URL: "http://127.0.0.1:3000" }],
	])("is not made without a good %s", async (name, env) => {
		await expect(teamsPackage(FOLDER, env)).rejects.toThrow(name);
	});
});

test("the package is an archive that others can read, the same each time", async () => {
	const archive = await teamsPackage(FOLDER, ENV);
	expect(await teamsPackage(FOLDER, ENV)).toEqual(archive);
	const entries = readZip(archive);
	expect([...entries.keys()]).toEqual(["manifest.json", "color.png", "outline.png"]);
	expect(JSON.parse(entries.get("manifest.json")?.toString("utf8") ?? "")).toEqual(await made());
	expect(entries.get("color.png")).toEqual(await readFile("manifests/teams/color.png"));
});

/** Microsoft's library mixes kinds of modules that jest does not mix: it is asked in a process of its own. */
async function problemsOf(manifest: string): Promise<unknown> {
	const asked = fileURLToPath(new URL("./validate-manifest.js", import.meta.url));
	const { stdout } = await promisify(execFile)(process.execPath, [asked, manifest]);
	return JSON.parse(stdout);
}

/** Width and height, as a PNG says them itself. */
async function sizeOf(name: string | undefined): Promise<number[]> {
	const png = await readFile(new URL(name ?? "", FOLDER));
	expect(png.subarray(1, 4).toString("latin1")).toBe("PNG");
	return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

/** By the directory at the end, as readers of archives do. */
function readZip(archive: Buffer): Map<string, Buffer> {
	const end = archive.lastIndexOf(Buffer.from("PK\u0005\u0006", "latin1"));
	const entries = new Map<string, Buffer>();
	let at = archive.readUInt32LE(end + 16);
	for (let n = archive.readUInt16LE(end + 10); n > 0; n--) {
		const size = archive.readUInt32LE(at + 24);
		const nameLength = archive.readUInt16LE(at + 28);
		const name = archive.subarray(at + 46, at + 46 + nameLength).toString("utf8");
		const local = archive.readUInt32LE(at + 42);
		const begin = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
		entries.set(name, archive.subarray(begin, begin + size));
		at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
	}
	return entries;
}
