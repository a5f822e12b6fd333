import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { runGroup } from "../../../adapters/runner/process-group.ts";
import { FakeRunnerServer, type FakeWork } from "../../fakes/runner-server.ts";
import { eventually, isDead, startRunner, Workshop } from "./workshop.ts";

let server: FakeRunnerServer;
let workshop: Workshop;

beforeEach(async () => {
	server = await FakeRunnerServer.start();
	workshop = await Workshop.open();
});

afterEach(async () => {
	await server.close();
	await workshop.close();
});

/** An entrypoint and a grandchild of it that does not hear SIGTERM; both write down who they are. */
const STUBBORN = `
echo $$ >"$HOME/pids"
sh -c 'trap "" TERM; echo $$ >>"$HOME/pids"; echo ready; while :; do sleep 0.1; done' &
wait
wait`;
const GENTLE = "trap 'echo asked to stop; exit 0' TERM; echo ready; while :; do sleep 0.05; done";

async function expectAllDead(): Promise<void> {
	const pids = (await readFile(join(workshop.home, "pids"), "utf8")).trim().split("\n").map(Number);
	expect(pids).toHaveLength(2);
	for (const pid of pids) expect(await isDead(pid)).toBe(true);
}

const isReady = (entry: FakeWork) => () => entry.lines.includes("ready");

describe("work that is stopped", () => {
	test("takes longer than it may: the whole group is gone, also what ignores SIGTERM", async () => {
		const entry = server.offer({ ...(await workshop.script(STUBBORN)), timeoutSeconds: 2 });
		await startRunner(server, workshop).ended;
		expect(entry.finish?.outcome).toBe("timed_out");
		expect(entry.finish?.reason).toBe("deploy/run.sh took longer than 2 s and was stopped.");
		await expectAllDead();
	});

	(process.platform === "linux" ? test : test.skip)("takes what left its process group with it", async () => {
		const stray = `setsid sh -c 'trap "" TERM; echo $$ >>"$HOME/pids"; echo ready; while :; do sleep 0.1; done' &`;
		const entry = server.offer(await workshop.script(`echo $$ >"$HOME/pids"\n${stray}\nwhile :; do sleep 0.1; done`));
		const runner = startRunner(server, workshop);
		await server.until(isReady(entry));
		entry.cancel = true;
		await runner.ended;
		expect(entry.finish?.outcome).toBe("cancelled");
		await expectAllDead();
	});

	test("is not run without the watchdog that ends it when the runner is killed", async () => {
		await mkdir(workshop.home, { recursive: true });
		const ran = runGroup({
			...{ file: "/bin/sh", args: ["-c", 'echo $$ >"$HOME/pid"; exec sleep 600'], cwd: undefined },
			env: { HOME: workshop.home, PATH: workshop.env["PATH"] ?? "" },
			...{ onStdout: () => undefined, onStderr: () => undefined, graceMs: () => 1_000 },
			...{ stop: new AbortController().signal, watchdog: "/nowhere/sh" },
		});
		await expect(ran).rejects.toThrow("its watchdog /nowhere/sh could not be started (ENOENT).");
		const pid = await readFile(join(workshop.home, "pid"), "utf8").catch(() => "");
		if (pid !== "") expect(await isDead(Number(pid))).toBe(true);
	});

	test("is cancelled by the answer to a heartbeat, and may end in peace", async () => {
		const entry = server.offer({ ...(await workshop.script(GENTLE)), leaseSeconds: 2 });
		const runner = startRunner(server, workshop, { graceMs: 20_000 });
		await server.until(isReady(entry));
		entry.cancel = true;
		await runner.ended;
		expect(entry.finish?.outcome).toBe("cancelled");
		expect(entry.lines.at(-1)).toBe("asked to stop");
	});

	test("hears of a cancel within a few seconds, however long its lease is", async () => {
		const entry = server.offer({ ...(await workshop.script(GENTLE)), leaseSeconds: 600 });
		const runner = startRunner(server, workshop);
		await server.until(isReady(entry));
		entry.cancel = true;
		const since = performance.now();
		await runner.ended;
		expect(entry.finish?.outcome).toBe("cancelled");
		expect(performance.now() - since).toBeLessThan(6_000);
	});

	test("was cancelled before it began: nothing is run", async () => {
		const entry = server.offer(await workshop.script("echo ran"));
		entry.cancel = true;
		await startRunner(server, workshop).ended;
		expect(entry.finish?.outcome).toBe("cancelled");
		expect(entry.lines).toEqual([]);
	});

	test("is stopped when the server gave it up, and nothing is reported of it", async () => {
		const entry = server.offer({ ...(await workshop.script(STUBBORN)), leaseSeconds: 2 });
		const runner = startRunner(server, workshop);
		await server.until(isReady(entry));
		entry.lost = true;
		await runner.ended;
		expect(entry.finish).toBeNull();
		await expectAllDead();
	});

	test("hears of the lost lease from a log post too, long before the next heartbeat", async () => {
		const entry = server.offer({ ...(await workshop.script(`echo ready; ${STUBBORN}`)), leaseSeconds: 600 });
		const runner = startRunner(server, workshop);
		await server.until(() => entry.beats === 1);
		entry.lost = true;
		await runner.ended;
		expect(entry.finish).toBeNull();
	});
});

describe("a server that cannot be reached", () => {
	test("for a while: nothing is lost", async () => {
		const entry = server.offer({
			...(await workshop.script('echo ready; while [ ! -e "$HOME/go" ]; do sleep 0.05; done; echo done')),
			leaseSeconds: 30,
		});
		const runner = startRunner(server, workshop);
		await server.until(isReady(entry));
		server.down = true;
		await workshop.git(workshop.home, "init", "--quiet", "go");
		await eventually(async () => runner.logged.some((line) => line.includes('"outcome":"succeeded"')));
		server.down = false;
		await runner.ended;
		expect(entry.lines.slice(-2)).toEqual(["ready", "done"]);
		expect(entry.finish?.outcome).toBe("succeeded");
	});

	test("for so long that it will call the runner dead: the work is ended before the lease is", async () => {
		const entry = server.offer({ ...(await workshop.script(STUBBORN)), leaseSeconds: 4 });
		const runner = startRunner(server, workshop, { graceMs: 10_000 });
		await server.until(isReady(entry));
		server.down = true;
		const downSince = performance.now();
		await eventually(async () => runner.logged.some((line) => line.includes('"msg":"Ended"')));
		// The last heartbeat that came through was before that, and the grace was cut to fit.
		expect(performance.now() - downSince).toBeLessThan(4_000);
		await expectAllDead();
		server.down = false;
		await runner.ended;
		expect(entry.finish?.outcome).toBe("failed");
		expect(entry.finish?.reason).toMatch(/^The runner lost touch with the server/);
	});

	test("when it claims: it tries again", async () => {
		server.answersToFail.claim = 2;
		const entry = server.offer(await workshop.script("true"));
		await startRunner(server, workshop).ended;
		expect(entry.finish?.outcome).toBe("succeeded");
	});

	test("when the answer to a claim was lost: the work that nobody confirmed can be given again, and runs once", async () => {
		server.answersToDrop.claim = 1;
		const entry = server.offer(await workshop.script("echo ran"));
		const runner = startRunner(server, workshop);
		await server.until(() => server.claims.length === 2);
		expect(entry.beats).toBe(0);
		server.offerAgain(entry);
		await runner.ended;
		expect(entry.finish).toEqual({ lease: 2, outcome: "succeeded", reason: null });
		expect(entry.lines.filter((line) => line === "ran")).toHaveLength(1);
	});

	test("when the lease was lost before the first heartbeat: nothing is run", async () => {
		const entry = server.offer(await workshop.script("echo ran"));
		entry.lost = true;
		const runner = startRunner(server, workshop, { once: false });
		await server.until(() => server.claims.length === 2);
		runner.stop();
		expect(await runner.ended).toBeNull();
		expect(entry.lines).toEqual([]);
		expect(runner.logged.join()).toContain("Not begun");
	});
});

describe("a runner that is stopped", () => {
	test("lets the current work end and takes no more", async () => {
		const entry = server.offer(await workshop.script('echo ready; while [ ! -e "$HOME/go" ]; do sleep 0.05; done'));
		const next = server.offer(await workshop.script("true"));
		const runner = startRunner(server, workshop, { once: false });
		await server.until(isReady(entry));
		runner.stop();
		await workshop.git(workshop.home, "init", "--quiet", "go");
		await runner.ended;
		expect(entry.finish?.outcome).toBe("succeeded");
		expect(next.claimedBy).toBeNull();
	});

	test("ends the current work when the drain time is over", async () => {
		const entry = server.offer(await workshop.script(STUBBORN));
		const runner = startRunner(server, workshop, { drainMs: 100 });
		await server.until(isReady(entry));
		runner.stop();
		await runner.ended;
		expect(entry.finish).toEqual({ lease: 1, outcome: "failed", reason: "The runner was stopped." });
		await expectAllDead();
	});

	test("in a hurry ends the current work at once", async () => {
		const entry = server.offer(await workshop.script(GENTLE));
		const runner = startRunner(server, workshop);
		await server.until(isReady(entry));
		runner.hurry();
		runner.stop();
		await runner.ended;
		expect(entry.finish?.reason).toBe("The runner was stopped.");
	});
});
