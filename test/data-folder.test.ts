import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { makeDataFolder } from "../src/data-folder.ts";

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "draven-folder-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("it is made with what lies above it, closed to others, and is kept when it is there", async () => {
	const path = join(folder, "my projects", "a", ".draven");
	await makeDataFolder(path);
	await makeDataFolder(path);
	expect((await stat(path)).mode & 0o777).toBe(0o700);
	expect((await stat(join(folder, "my projects"))).mode & 0o077).not.toBe(0);
});

test("where none can be made, one sentence names the variable", async () => {
	await writeFile(join(folder, "file"), "");
	await mkdir(join(folder, "there"));
	for (const path of [join(folder, "file"), join(folder, "file", "below"), "/proc/nope", "/proc/nope/below"])
		await expect(makeDataFolder(path)).rejects.toThrow(
			/^DRAVEN_DATA_DIR is .*, which cannot be made or written to \(E\w+\)/,
		);
});
