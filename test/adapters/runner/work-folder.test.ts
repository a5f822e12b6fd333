import { execFile } from "node:child_process";
import { chmod, chown, mkdir, readdir, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { pino } from "pino";
import { openWorkFolder } from "../../../adapters/runner/work-folder.ts";
import { unprivilegedUser } from "../../../src/postgres/run-as.ts";
import { FakeRunnerServer } from "../../fakes/runner-server.ts";
import { startRunner, Workshop } from "./workshop.ts";

const log = pino({ level: "silent" });
const PROCESS = fileURLToPath(new URL("./work-folder-process.js", import.meta.url));
const user = unprivilegedUser();
const LONG_AGO = new Date(Date.now() - 3_600_000);

let workshop: Workshop;
beforeEach(async () => {
	workshop = await Workshop.open();
	await mkdir(workshop.work);
});
afterEach(() => workshop.close());

/** What a runner left behind that was killed long ago: a checkout with a folder that nobody may write, and a file in it. */
async function leftover(name: string): Promise<string> {
	const locked = join(workshop.work, name, "job-x", "node_modules", "locked");
	await mkdir(locked, { recursive: true });
	await writeFile(join(locked, "file"), "x", { mode: 0o444 });
	await writeFile(join(workshop.work, name, "alive"), "");
	await utimes(join(workshop.work, name, "alive"), LONG_AGO, LONG_AGO);
	return locked;
}

/** Opens the folder as somebody who is not root; gives what was logged. */
async function openAsUser(): Promise<string> {
	return (await promisify(execFile)(process.execPath, [PROCESS, workshop.work])).stdout;
}

async function giveAway(folder: string): Promise<void> {
	if (user === null) return;
	await chown(folder, user.uid, user.gid);
	for (const entry of await readdir(folder, { withFileTypes: true }))
		if (entry.isDirectory()) await giveAway(join(folder, entry.name));
}

test("what dead runners left is removed, also what is read-only; what others keep there stays", async () => {
	const locked = await leftover("runner-0123456789abcdef");
	await mkdir(join(workshop.work, "something-else"));
	await symlink(join(workshop.work, "something-else"), join(dirname(locked), "link"));
	await giveAway(workshop.folder);
	await chmod(join(workshop.work, "something-else"), 0o500);
	for (const folder of [locked, dirname(locked)]) await chmod(folder, 0o500);
	expect(await openAsUser()).toBe("");
	expect(await readdir(workshop.work)).toEqual(["something-else"]);
});

(user === null ? test.skip : test)(
	"what cannot be removed is said in the log, and the runner starts all the same",
	async () => {
		await giveAway(workshop.folder);
		await leftover("runner-0123456789abcdef");
		await leftover("runner-1123456789abcdef");
		await giveAway(join(workshop.work, "runner-1123456789abcdef"));
		const said = await openAsUser();
		expect(said).toMatch(/runner-0123456789abcdef.*could not be removed \(EACCES\): remove it by hand/);
		expect(await readdir(workshop.work)).toEqual(["runner-0123456789abcdef"]);
	},
);

test("runners that share it leave each other's alone, though their process ids are equal", async () => {
	const one = await openWorkFolder(workshop.work, log);
	const folder = await one.makeFolder("a-job");
	const other = await openWorkFolder(workshop.work, log);
	await writeFile(join(folder, "still-there"), "");
	await other.close();
	await one.removeFolder(folder);
	await one.close();
	expect(await readdir(workshop.work)).toEqual([]);
});

test("a runner that is killed before it says that it lives is not taken for dead at once", async () => {
	await mkdir(join(workshop.work, "runner-0123456789abcdef"));
	const work = await openWorkFolder(workshop.work, log);
	await work.close();
	expect(await readdir(workshop.work)).toEqual(["runner-0123456789abcdef"]);
});

test("work that leaves read-only folders behind leaves nothing in the work folder", async () => {
	const server = await FakeRunnerServer.start();
	try {
		const entry = server.offer(await workshop.script("mkdir -p a/b; touch a/b/c; chmod 500 a/b a"));
		await startRunner(server, workshop).ended;
		expect(entry.finish?.outcome).toBe("succeeded");
		expect(await readdir(workshop.work)).toEqual([]);
	} finally {
		await server.close();
	}
});

test("a work folder that cannot be made is said in one sentence", async () => {
	await writeFile(join(workshop.folder, "file"), "");
	await expect(openWorkFolder(join(workshop.folder, "file"), log)).rejects.toThrow(
		/^The work folder .*file cannot be used \(E\w+\): give this user a folder of its own with --work\.$/,
	);
});
