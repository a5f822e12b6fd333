import { once } from "node:events";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { checkOut, fetchCommit, findEntrypoint } from "../../../adapters/runner/checkout.ts";
import { git } from "../../../adapters/runner/git.ts";
import { readRepository, withoutUserinfo } from "../../../adapters/runner/repository.ts";
import { FakeRunnerServer } from "../../fakes/runner-server.ts";
import { startRunner, Workshop } from "./workshop.ts";

let workshop: Workshop;

beforeEach(async () => {
	workshop = await Workshop.open();
});

afterEach(async () => {
	await workshop.close();
});

describe("a repository's URL", () => {
	test.each([
		["https://github.com/acme/web.git", "https:ssh"],
		["ssh://git@github.com/acme/web.git", "https:ssh"],
		["git@github.com:acme/web.git", "https:ssh"],
		["http://localhost:3000/web.git", "http"],
		["http://127.0.0.1/web.git", "http"],
		["http://[::1]/web.git", null],
		["file:///srv/git/web.git", "file"],
		["/srv/git/web.git", "file"],
		["http://example.com/web.git", null],
		["http://127.0.0.1.example.com/web.git", null],
		["git://example.com/web.git", null],
		["ext::sh -c id", null],
		["ext::id", null],
		["fd::17", null],
		["--upload-pack=touch /tmp/owned", null],
		["-oProxyCommand=id@host:path", null],
		["ssh://-oProxyCommand=id/path", null],
		["git@-oProxyCommand=id:path", null],
		["https://example.com/a b", null],
		["https://example.com/\nx", null],
		["../web.git", null],
		["", null],
	])("%s speaks %s", (url, protocols) => {
		if (protocols === null) expect(() => readRepository(url)).toThrow("is not an https or ssh URL");
		else expect(readRepository(url).protocols).toBe(protocols);
	});

	test("is shown without user and password", () => {
		const text = "fatal: unable to access 'https://ada:p@ss@host/x.git/': and ssh://git@host/y";
		expect(withoutUserinfo(text)).toBe("fatal: unable to access 'https://host/x.git/': and ssh://host/y");
	});
});

describe("the checkout", () => {
	const call = () => ({ env: workshop.env, folder: join(workshop.folder, "out"), timeoutMs: 20_000 });

	beforeEach(async () => {
		await mkdir(join(workshop.folder, "out"));
	});

	test("is fetched whole when the server gives no single commits", async () => {
		const { url, sha } = await workshop.repository({ file: "old" });
		await workshop.commit(url, { file: "new" });
		// The old protocol serves only what branches and tags point at.
		await writeFile(join(workshop.home, ".gitconfig"), "[protocol]\n\tversion = 0\n");
		await checkOut(url, sha, call());
		expect(await workshop.git(call().folder, "rev-parse", "HEAD")).toBe(sha);
	});

	test("brings no history, runs no hooks of the user's", async () => {
		const { url } = await workshop.repository({ file: "old" });
		const sha = await workshop.commit(url, { file: "new" });
		const hooks = join(workshop.home, "hooks");
		await mkdir(hooks);
		await writeFile(join(hooks, "post-checkout"), `#!/bin/sh\ntouch ${workshop.home}/hooked\n`, { mode: 0o755 });
		await writeFile(join(workshop.home, ".gitconfig"), `[core]\n\thooksPath = ${hooks}\n`);
		await checkOut(url, sha, call());
		expect(await workshop.git(call().folder, "rev-list", "--count", "HEAD")).toBe("1");
		expect(await readdir(workshop.home)).not.toContain("hooked");
	});

	test("says which commit is not there, and which repository", async () => {
		const { url } = await workshop.repository({ file: "x" });
		const missing = "1".repeat(40);
		await expect(checkOut(url, missing, call())).rejects.toThrow(`git fetch of ${url} failed:`);
		await expect(checkOut(url, "main", call())).rejects.toThrow('"main" is not a full commit SHA.');
		await expect(checkOut("ext::touch%20owned", missing, call())).rejects.toThrow("is not an https or ssh URL");
	});

	test("keeps a password of the URL out of what it says", async () => {
		const url = "http://ada:s3cr3t-w0rd@127.0.0.1:9/web.git";
		const error = await checkOut(url, "1".repeat(40), call()).catch((thrown) => thrown);
		expect(error.kind).toBe("unavailable");
		expect(`${error.message} ${error.stderr} ${JSON.stringify(error)}`).not.toMatch(/s3cr3t|ada/);
	});
});

describe("git", () => {
	test("is ended when it takes too long", async () => {
		const server = createServer(() => undefined).listen(0, "127.0.0.1");
		await once(server, "listening");
		const repository = readRepository(`http://127.0.0.1:${(server.address() as AddressInfo).port}/web.git`);
		const call = { env: workshop.env, repository, timeoutMs: 300 };
		await expect(git(["ls-remote", "--", repository.url], call)).rejects.toMatchObject({ kind: "unavailable" });
		server.close();
	});

	test("is ended when it prints too much", async () => {
		const { url } = await workshop.repository({ file: "x" });
		const call = { env: workshop.env, repository: null, timeoutMs: 10_000, maxBytes: 20, cwd: url };
		await expect(git(["log"], call)).rejects.toThrow("git log printed more than 20 bytes.");
	});

	test("speaks no protocol but the URL's, and sees nothing of the environment that it does not need", async () => {
		const call = { env: { ...workshop.env, SLACK_BOT_TOKEN: "xoxb", GIT_DIR: "/nowhere" }, timeoutMs: 10_000 };
		const seen = await git(["-c", "alias.seen=!env", "seen"], {
			...call,
			repository: readRepository("https://a.test/b"),
		});
		expect(seen).toContain("GIT_ALLOW_PROTOCOL=https:ssh\n");
		expect(seen).toContain("GIT_TERMINAL_PROMPT=0\n");
		expect(seen).not.toMatch(/SLACK_BOT_TOKEN|\/nowhere/);
		await expect(git(["ls-remote", "--", "ext::id"], { ...call, repository: null })).rejects.toThrow("not allowed");
	});
});

describe("the entrypoint", () => {
	test.each([
		["../outside.sh", "has to be a path inside the repository."],
		["deploy/../../outside.sh", "has to be a path inside the repository."],
		["/bin/sh", "has to be a path inside the repository."],
		[".git/hooks/x", "has to be a path inside the repository."],
		["missing.sh", "is not in this commit"],
		["escape", "leads out of the repository."],
		["escaped-folder/sh", "leads out of the repository."],
		["deploy", "is not a file."],
		[".", "leads out of the repository."],
		["plain.sh", 'is not executable: "git update-index --chmod=+x plain.sh"'],
	])("%s is refused: it %s", async (entrypoint, why) => {
		const { url } = await workshop.repository({ "deploy/run.sh": "#!/bin/sh\n", "plain.sh": "echo\n" });
		await writeFile(join(workshop.folder, "outside.sh"), "#!/bin/sh\n", { mode: 0o755 });
		await symlink("/bin/sh", join(url, "escape"));
		await symlink("/bin", join(url, "escaped-folder"));
		await expect(findEntrypoint(url, entrypoint)).rejects.toThrow(why);
	});

	test("may be a link to another file of the repository", async () => {
		const { url } = await workshop.repository({ "deploy/run.sh": "#!/bin/sh\n" });
		await symlink("deploy/run.sh", join(url, "go"));
		expect(await findEntrypoint(url, "go")).toBe(join(url, "deploy/run.sh"));
	});

	test("its refusal is what people read", async () => {
		const server = await FakeRunnerServer.start();
		const { url, sha } = await workshop.repository({ "deploy/run.sh": "echo" });
		const entry = server.offer({ repository: url, sha });
		await startRunner(server, workshop).ended;
		await server.close();
		expect(entry.finish?.outcome).toBe("failed");
		expect(entry.finish?.reason).toMatch(/^The entrypoint deploy\/run\.sh is not executable/);
		expect(await readdir(workshop.work)).toEqual([]);
	});
});

describe("a commit that is fetched alone", () => {
	test.each([
		["comes without its files where the server can filter", "true", ["commit"]],
		["comes with them where it cannot", "false", ["blob", "commit", "tree"]],
	])("%s", async (_what, allowed, kinds) => {
		const { url, sha } = await workshop.repository({ "some-file": "x" });
		await workshop.git(url, "config", "uploadpack.allowFilter", allowed);
		const folder = join(workshop.folder, "fetched");
		await mkdir(folder);
		await fetchCommit(readRepository(`file://${url}`), sha, "alone", { env: workshop.env, folder, timeoutMs: 20_000 });
		const listed = await workshop.git(folder, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)");
		expect([...new Set(listed.split("\n"))].sort()).toEqual(kinds);
	});
});
