import { readdir } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { RunnerClient } from "../../../adapters/runner/client.ts";
import { FakeRunnerServer } from "../../fakes/runner-server.ts";
import { startRunner, Workshop } from "./workshop.ts";

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

describe("work that goes well", () => {
	test("runs the entrypoint of exactly that commit and reports its lines and its success", async () => {
		const { repository, sha } = await workshop.script('echo "one $ENV"; git rev-parse HEAD; pwd >&2; cat other');
		await workshop.commit(repository, { other: "a later commit\n" });
		const entry = server.offer({ repository, sha: await workshop.commit(repository, { other: "this commit\n" }) });
		await workshop.commit(repository, { other: "an even later commit\n" });
		await startRunner(server, workshop).ended;
		expect(entry.finish).toEqual({ lease: 1, outcome: "succeeded", reason: null });
		expect(entry.lines[0]).toBe(`Checked out ${entry.work.sha} of ${repository}.`);
		expect(entry.lines).toContain("one stage");
		expect(entry.lines).toContain(entry.work.sha);
		expect(entry.lines).toContain("this commit");
		expect(entry.lines.some((line) => line.startsWith(workshop.work))).toBe(true);
		expect(server.claims[0]).toEqual({ runner: "test-runner", labels: ["linux"], waitSeconds: 5 });
		expect(await readdir(workshop.work)).toEqual([]);
		expect(sha).not.toBe(entry.work.sha);
	});

	test("takes one piece after the other, and waits for more", async () => {
		const script = await workshop.script("true");
		const runner = startRunner(server, workshop, { once: false });
		const first = server.offer(script);
		const second = server.offer(script);
		await server.until(() => first.finish !== null && second.finish !== null);
		await server.until(() => server.claims.length === 3);
		runner.stop();
		expect(await runner.ended).toEqual({ outcome: "succeeded", reason: null });
	});

	test("ends what the entrypoint left behind, though it holds the output open", async () => {
		const entry = server.offer(await workshop.script("sleep 600 & echo started"));
		await startRunner(server, workshop).ended;
		expect(entry.finish?.outcome).toBe("succeeded");
		expect(entry.lines.at(-1)).toBe("started");
	});

	test("does not wait for a process that left the group and holds the output open", async () => {
		const entry = server.offer(await workshop.script("setsid sleep 3 & echo started"));
		await startRunner(server, workshop).ended;
		expect(entry.finish?.outcome).toBe("succeeded");
	});
});

describe("work that fails", () => {
	test("says the exit code and the last line", async () => {
		const entry = server.offer(await workshop.script("echo going; echo 'no space left' >&2; exit 3"));
		await startRunner(server, workshop).ended;
		expect(entry.finish?.outcome).toBe("failed");
		expect(entry.finish?.reason).toMatch(
			/^deploy\/run\.sh ended with exit code 3\. Its last line: (no space left|going)$/,
		);
	});

	test("cuts a long last line before the word that the cut would go through: half a secret is not known for one", async () => {
		const script = `echo "$(printf '%0290d' 0) $(printf 'secret%.0s' 1 2 3 4 5)"; exit 3`;
		const entry = server.offer(await workshop.script(script));
		await startRunner(server, workshop).ended;
		expect(entry.finish?.reason).toMatch(/Its last line: 0{290} …$/);
	});

	test("says the signal", async () => {
		const entry = server.offer(await workshop.script("kill -KILL $$"));
		await startRunner(server, workshop).ended;
		expect(entry.finish?.reason).toBe("deploy/run.sh was ended by SIGKILL.");
	});

	test("refuses variables by which programs would be found or loaded differently", async () => {
		const script = await workshop.script("true");
		for (const name of ["PATH", "LD_PRELOAD", "BASH_ENV", "GIT_SSH_COMMAND", "not a name"]) {
			const entry = server.offer({ ...script, variables: { [name]: "x" } });
			await startRunner(server, workshop).ended;
			expect(entry.finish?.reason).toBe(
				`The parameter ${name} cannot be a variable of the work: give it another name.`,
			);
		}
	});
});

describe("the log", () => {
	test("arrives whole, in order and once, though answers are lost and refused", async () => {
		const entry = server.offer(await workshop.script("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done"));
		server.answersToDrop.log = 2;
		server.answersToFail.log = 1;
		server.answersToDrop.finish = 1;
		await startRunner(server, workshop).ended;
		expect(entry.lines.slice(1)).toEqual(Array.from({ length: 3_000 }, (_, index) => `line ${index}`));
		expect(entry.doubles).toBeGreaterThan(0);
		expect(Math.max(...entry.batches)).toBeLessThanOrEqual(200);
		expect(entry.finish?.outcome).toBe("succeeded");
	});

	test("comes while the work is going on, a line without an end included at its end", async () => {
		const entry = server.offer(
			await workshop.script('echo ready; while [ ! -e "$HOME/go" ]; do sleep 0.05; done; printf "no end"'),
		);
		const runner = startRunner(server, workshop);
		await server.until(() => entry.lines.includes("ready"));
		await workshop.git(workshop.home, "init", "--quiet", "go");
		await runner.ended;
		expect(entry.lines.at(-1)).toBe("no end");
	});

	test("is cut at its limit while the work goes on", async () => {
		const entry = server.offer(
			await workshop.script('head -c 30000000 /dev/zero | tr "\\0" "x"; echo; yes | head -n 150000; exit 4'),
		);
		await startRunner(server, workshop).ended;
		expect(entry.lines.at(-1)).toBe("The log ends here: it is longer than 10 MB or 100000 lines. The work goes on.");
		expect(entry.lines).toHaveLength(100_001);
		expect(entry.lines[1]).toHaveLength(8_000 + " … (line cut)".length);
		expect(entry.finish?.reason).toMatch(/exit code 4/);
	});
});

describe("a token that is refused", () => {
	test("ends the runner with one sentence that does not hold the token", async () => {
		const client = new RunnerClient({ url: server.url, token: "wrong-token" });
		const runner = startRunner(server, workshop, { client });
		await expect(runner.ended).rejects.toThrow("The server does not know the token (401)");
		expect(runner.logged.join()).not.toContain("wrong-token");
	});
});
