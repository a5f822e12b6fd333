import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { githubWebhook } from "../../adapters/github/webhook.ts";
import { sealSecrets } from "../../src/configuration/integrations.ts";
import { IntegrationTable } from "../../src/store/entities.ts";
import { Site } from "./site.ts";

const SECRET = "the hook's own secret";

let site: Site;
beforeEach(async () => {
	site = await Site.open({ webhooks: { github: githubWebhook } });
	await configure("fake", SECRET);
});
afterEach(() => site.close());

/** Gives an integration its webhook secret, as an apply does. */
async function configure(slug: string, secret: string | null): Promise<void> {
	const { db, box } = site.world.deps;
	const known = await db.getRepository(IntegrationTable).findOneBy({ slug });
	const id = known?.id ?? randomUUID();
	const secrets = sealSecrets(box, id, secret === null ? {} : { webhookSecret: secret });
	await db.getRepository(IntegrationTable).save({
		...{ id, slug, provider: "github", baseUrl: null, settings: {}, secrets, managedBy: "file" },
	});
}

const report = (id: number, more: Record<string, unknown> = {}) =>
	JSON.stringify({
		action: "in_progress",
		workflow_run: {
			...{ id, run_attempt: 1, status: "in_progress", conclusion: null, event: "workflow_dispatch" },
			...{ html_url: `https://github.test/runs/${id}`, path: ".github/workflows/deploy.yml", name: "Deploy" },
		},
		repository: { full_name: "acme/shop" },
		...more,
	});

interface Delivered {
	readonly to?: string;
	readonly secret?: string;
	readonly headers?: Readonly<Record<string, string>>;
}

const sign = (body: string, secret: string) => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
const deliver = (body: string, { to = "github/fake", secret = SECRET, headers = {} }: Delivered = {}) =>
	site.ask("POST", `/webhooks/${to}`, {
		...{ token: null, body },
		headers: {
			...{ "content-type": "application/json", "x-github-event": "workflow_run" },
			...{ "x-github-delivery": randomUUID(), "x-hub-signature-256": sign(body, secret), ...headers },
		},
	});

const stored = (): Promise<{ payload: unknown }[]> =>
	site.world.deps.db.query("SELECT payload FROM job WHERE kind = 'webhook' ORDER BY id");

test("a delivery is taken once, however often and under whatever name it comes", async () => {
	expect(await deliver(report(1))).toMatchObject({ status: 202, body: { status: "taken" } });
	expect(await deliver(report(1))).toMatchObject({ status: 200, body: { status: "seen_before" } });
	const doubles = await Promise.all(Array.from({ length: 10 }, () => deliver(report(2))));
	expect(doubles.map((answer) => answer.status).sort()).toEqual([...Array(9).fill(200), 202]);
	expect(await stored()).toHaveLength(2);
});

test("what is kept of it is what it says of the run, and nothing else", async () => {
	const body = report(1, { note: "Grüße ☃ \u0000" });
	const old = createHmac("sha1", SECRET).update(body).digest("hex");
	await deliver(body, { headers: { "x-hub-signature": `sha1=${old}`, authorization: "Bearer x", cookie: "a=b" } });
	const said = {
		...{ externalId: "1", attempt: 1, externalUrl: "https://github.test/runs/1" },
		...{ status: "running", reason: null, jobId: null },
	};
	expect(await stored()).toEqual([
		{
			payload: {
				integrationId: expect.any(String),
				content: { kind: "report", report: said, repository: "acme/shop", pipeline: "deploy.yml" },
			},
		},
	]);
});

test("one that nothing follows from is told so, and is not kept", async () => {
	const pushed = JSON.parse(report(1));
	pushed.workflow_run.event = "push";
	const answers = [await deliver(JSON.stringify(pushed)), await deliver("{}")];
	for (const answer of answers)
		expect(answer).toMatchObject({ status: 200, body: { status: "ignored", because: expect.any(String) } });
	expect(await stored()).toEqual([]);
});

test.each([
	["another secret", { secret: "another" }],
	["no signature", { headers: { "x-hub-signature-256": "" } }],
	["a signature of nothing", { headers: { "x-hub-signature-256": "sha256=" } }],
	["the old SHA-1", { headers: { "x-hub-signature-256": `sha1=${"a".repeat(40)}` } }],
	["a signature that is too long", { headers: { "x-hub-signature-256": `sha256=${"a".repeat(4_000)}` } }],
])("%s is refused and nothing is kept", async (_what, how) => {
	for (const event of ["workflow_run", "ping"])
		expect(
			await deliver(report(1), {
				...how,
				headers: { "x-github-event": event, ...("headers" in how ? how.headers : {}) },
			}),
		).toMatchObject({
			...{ status: 401, type: "application/problem+json", body: { code: "bad_signature" } },
		});
	expect(await stored()).toEqual([]);
});

test("an integration without a secret takes nothing, not even with a signature of the empty secret", async () => {
	await configure("open", null);
	for (const secret of ["", "x"]) {
		const headers = { "x-hub-signature-256": secret === "" ? "sha256=" : sign(report(1), secret) };
		expect(await deliver(report(1), { to: "github/open", headers })).toMatchObject({ status: 401 });
	}
	expect(
		await deliver(report(1), { to: "github/open", headers: { "x-hub-signature-256": sign(report(1), "") } }),
	).toMatchObject({ status: 401 });
});

test("the secret of one integration does not open another", async () => {
	await configure("second", "another secret");
	expect(await deliver(report(1), { to: "github/second" })).toMatchObject({ status: 401 });
	expect(await deliver(report(1), { to: "github/second", secret: "another secret" })).toMatchObject({ status: 202 });
	// The same delivery to two integrations is two.
	expect(await deliver(report(1))).toMatchObject({ status: 202 });
});

test.each([
	"github/nope",
	"gitlab/fake",
	"github/",
	"github/fake/more",
	"github/FAKE",
	"..%2f",
	"github/%00",
	"github",
])("there is no webhook of %s", async (to) => {
	expect(await deliver(report(1), { to })).toMatchObject({ status: 404, type: "application/problem+json" });
});

test("other events are ignored with the reason, and only asked whether we are here we answer", async () => {
	for (const event of ["ping", "push", "check_run"])
		expect(await deliver("{}", { headers: { "x-github-event": event } })).toMatchObject({
			...{ status: 200, body: { status: "ignored", because: expect.stringMatching(/\S/) } },
		});
	expect(await stored()).toEqual([]);
});

test.each(["", "{", "null", "[]", '"text"', "{}", '{"workflow_run":{}}', "\u0000\u0001", `${"[".repeat(100_000)}`])(
	"a body that says nothing, well signed, is taken and changes nothing: %#",
	async (body) => {
		const run = await site.run("stage");
		await site.world.work();
		const before = (await site.api("GET", `/runs/${run.number}`)).body;
		expect([200, 202]).toContain((await deliver(body)).status);
		await site.world.work();
		expect((await site.api("GET", `/runs/${run.number}`)).body).toEqual(before);
		const dead: unknown[] = await site.world.deps.db.query("SELECT 1 FROM job WHERE dead_at IS NOT NULL");
		expect(dead).toEqual([]);
	},
);

test("25 MB are taken, more is not read", async () => {
	const body = report(1, { pad: "x".repeat(24 * 1_024 * 1_024) });
	expect((await deliver(body)).status).toBe(202);
	expect(await deliver(`${body}${" ".repeat(2 * 1_024 * 1_024)}`)).toMatchObject({
		...{ status: 413, type: "application/problem+json", body: { code: "body_too_large" } },
	});
});

/** A delivery of which so many bytes come, and never the last one. */
async function begin(
	path: string,
	bytes: number,
): Promise<{ readonly answer: Promise<string>; readonly socket: Socket }> {
	const socket = connect(site.port, "127.0.0.1");
	socket.on("error", () => {});
	await once(socket, "connect");
	let read = "";
	const answer = new Promise<string>((resolve) => {
		socket.on("data", (chunk) => {
			read += chunk;
			if (read.includes("}")) resolve(read);
		});
	});
	socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes + 1}\r\n\r\n`);
	socket.write(Buffer.alloc(bytes));
	return { answer, socket };
}

test("what nobody has signed yet does not fill the memory: what is too much at the same time is told to come again", async () => {
	const begun = await Promise.all(Array.from({ length: 3 }, () => begin("/webhooks/github/fake", 24 * 1_024 * 1_024)));
	const answer = await Promise.race(begun.map((one) => one.answer));
	expect(answer).toMatch(/^HTTP\/1.1 503[\s\S]*retry-after: 5[\s\S]*"code":"busy"/);
	for (const { socket } of begun) socket.destroy();
	const large = report(1, { pad: "x".repeat(24 * 1_024 * 1_024) });
	const takenBy = Date.now() + 10_000;
	for (let taken = 0; taken < 4; ) {
		if ((await deliver(large)).status < 300) taken += 1;
		else expect(Date.now()).toBeLessThan(takenBy);
	}
});

test("of an integration that is not there no body is read, and each is told the same", async () => {
	const answers: string[] = [];
	for (const path of ["github/nope", "gitlab/fake", "gitlab/nope", "elsewhere/fake", "github/nope?x=1"]) {
		const { answer, socket } = await begin(`/webhooks/${path}`, 10);
		answers.push((await answer).replace(/^Date: .*$/im, ""));
		socket.destroy();
	}
	expect(new Set(answers).size).toBe(1);
	expect(answers[0]).toMatch(/^HTTP\/1.1 404[\s\S]*"code":"unknown_integration"/);
});

test("a secret that was changed, and an integration that was added, hold from now on", async () => {
	expect((await deliver(report(1))).status).toBe(202);
	await configure("fake", "the next secret");
	await configure("added", "its secret");
	const until = Date.now() + 2_000;
	const soon = async (how: Delivered) => {
		for (;;) {
			const { status } = await deliver(report(2), how);
			if (status === 202 || Date.now() > until) return status;
		}
	};
	expect(await soon({ secret: "the next secret" })).toBe(202);
	expect(await soon({ to: "github/added", secret: "its secret" })).toBe(202);
});

test("deliveries are counted by what became of them", async () => {
	await deliver(report(1));
	await deliver(report(1));
	await deliver(report(1), { secret: "x" });
	await deliver("{}", { headers: { "x-github-event": "ping" } });
	const { body } = await site.ask("GET", "/metrics", { token: null });
	for (const result of ["taken", "seen_before", "bad_signature", "ignored"])
		expect(body).toContain(`draven_webhooks_total{provider="github",result="${result}"} 1`);
});
