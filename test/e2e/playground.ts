import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** People and places of the Playground, as Teams would name them. */
export const ALEX = "00000000-0000-0000-0000-000000000020";
export const MEGAN = "00000000-0000-0000-0000-000000000021";
export const BOT = "28:draven";
export const TENANT = "playground-tenant";
export const GENERAL = "19:general@thread.tacv2";
export const RELEASES = "19:releases@thread.tacv2";
const PERSONAL = "a:personal-chat";

/** The Playground takes its setting as YAML, which JSON is, with exactly five people beside its own. */
const SETTING = JSON.stringify({
	...{ version: "0.1.1", tenantId: TENANT, bot: { id: BOT, name: "DRAVEN" } },
	currentUser: person("Alex", ALEX),
	users: [
		person("Megan", MEGAN),
		...["Adele", "Isaiah", "Patti", "Lynne"].map((name, n) => person(name, `00000000-0000-0000-0000-00000000003${n}`)),
	],
	personalChat: { id: PERSONAL },
	groupChat: { id: "19:group@thread.v2", name: "Group Chat" },
	team: {
		...{ id: GENERAL, name: "Acme", aadGroupId: "00000000-0000-0000-0000-000000000031" },
		channels: [{ id: RELEASES, name: "Releases" }],
	},
});

function person(name: string, aadObjectId: string) {
	const email = `${name.toLowerCase()}@acme.test`;
	return { id: `29:${name}`, name, userPrincipleName: email, aadObjectId, givenName: name, surname: "Acme", email };
}

const CLI = fileURLToPath(new URL("../../../node_modules/@microsoft/m365agentsplayground/cli.js", import.meta.url));

/** Microsoft's own Teams client for developers, without a window. */
export class Playground {
	readonly url: string;
	readonly serviceUrl: string;
	readonly #child: ChildProcess;
	readonly #folder: string;

	private constructor(port: number, child: ChildProcess, folder: string) {
		this.url = `http://127.0.0.1:${port}/`;
		this.serviceUrl = `http://localhost:${port}/_connector`;
		this.#child = child;
		this.#folder = folder;
	}

	/** `botUrl`: where the bot takes messages. */
	static async start(botUrl: string): Promise<Playground> {
		const folder = await mkdtemp(join(tmpdir(), "playground-"));
		await writeFile(join(folder, ".m365agentsplayground.yml"), SETTING);
		const port = await freePort();
		const args = [CLI, "start", "-e", botUrl, "-c", "msteams", "-p", String(port), "--disable-telemetry"];
		const env = { PATH: process.env["PATH"], HOME: folder, TEAMSAPPTESTER_BROWSER: "none" };
		const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
		let output = "";
		await new Promise<void>((resolve, reject) => {
			const take = (chunk: unknown) => {
				output += chunk;
				if (output.includes(`Listening on ${port}`)) resolve();
			};
			child.stdout?.on("data", take);
			child.stderr?.on("data", take);
			child.once("close", () => reject(new Error(`the Playground did not start:\n${output}`)));
		});
		return new Playground(port, child, folder);
	}

	async stop(): Promise<void> {
		const closed = once(this.#child, "close");
		if (this.#child.exitCode === null) {
			this.#child.kill("SIGKILL");
			await closed;
		}
		await rm(this.#folder, { recursive: true, force: true });
	}
}

async function freePort(): Promise<number> {
	const server = createServer();
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	return port;
}
