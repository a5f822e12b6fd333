import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "@jest/globals";

const SCRIPT = "manifests/pipelines/deploy/push-log.sh";

const posts: { readonly url: string; readonly token: string; readonly key: string; readonly body: string }[] = [];
let status = 200;
const server = createServer(async (request, response) => {
	let body = "";
	for await (const chunk of request) body += chunk;
	const { authorization = "", "idempotency-key": key } = request.headers;
	posts.push({ url: request.url ?? "", token: authorization, key: String(key), body });
	response.statusCode = status;
	response.end();
});
beforeEach(async () => {
	posts.length = 0;
	status = 200;
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
afterEach(() => new Promise((done) => server.close(done)));

async function push(script: string, change: Record<string, string> = {}) {
	const { port } = server.address() as AddressInfo;
	const settings = { DRAVEN_URL: `http://127.0.0.1:${port}/`, DRAVEN_TOKEN: "drv_x", DRAVEN_PUSH_EVERY: "0.1" };
	const env = { PATH: process.env["PATH"] ?? "", JOB_ID: "0b8f7a5e", ...settings, ...change };
	return promisify(execFile)(SCRIPT, ["sh", "-c", script], { env }).then(
		({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
		({ code, stdout, stderr }) => ({ code: Number(code), stdout: String(stdout), stderr: String(stderr) }),
	);
}

test("each line is pushed once, in order, and the command ends as it does by itself", async () => {
	const lines = Array.from({ length: 1_200 }, (_, n) => `line ${n + 1}\n`).join("");
	const ended = await push('for n in $(seq 1200); do echo "line $n"; done; echo failed >&2; printf end; exit 7');
	expect(ended).toEqual({ code: 7, stdout: `${lines}failed\nend`, stderr: "" });
	expect(posts.map(({ body }) => body).join("")).toBe(`${lines}failed\nend\n`);
	expect(posts.length).toBeGreaterThan(2);
	for (const { url, token } of posts) expect([url, token]).toEqual(["/api/v1/runs/0b8f7a5e/log", "Bearer drv_x"]);
	expect(new Set(posts.map(({ key }) => key)).size).toBe(posts.length);
});

test("the command does not get the token", async () => {
	expect((await push('echo "token: $DRAVEN_TOKEN"')).stdout).toBe("token: \n");
});

test("where DRAVEN takes no lines, or is not said, the command works all the same", async () => {
	status = 409;
	const refused = await push("echo hi");
	expect(refused).toMatchObject({ code: 0, stdout: "hi\n" });
	expect(refused.stderr).toContain("DRAVEN takes no lines now");
	posts.length = 0;
	expect(await push("echo hi; exit 3", { DRAVEN_TOKEN: "" })).toEqual({ code: 3, stdout: "hi\n", stderr: "" });
	expect(posts).toEqual([]);
});
