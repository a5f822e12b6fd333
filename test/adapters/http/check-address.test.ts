import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { boundedFetch } from "../../../adapters/http/bounded-fetch.ts";
import type { Lookup } from "../../../adapters/http/check-address.ts";
import { fetchLogFrom } from "../../../adapters/http/fetch-log.ts";
import { errorOf } from "../contract/contract-setting.ts";

let calls = 0;
const server = createServer((_, response) => {
	calls += 1;
	response.end("here");
});
let port = 0;
beforeAll(async () => {
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	({ port } = server.address() as AddressInfo);
});
afterAll(() => new Promise((done) => server.close(done)));

const leadingTo =
	(...addresses: string[]): Lookup =>
	async () =>
		addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));

/** The name is a server of one's own; where it leads is said by its name server alone. */
function call(lookup: Lookup): Promise<Response> {
	const url = `http://gitlab.acme.test:${port}`;
	return boundedFetch("GitLab", url, undefined, "whole", lookup)(url, {});
}

test.each([
	"169.254.169.254",
	"169.254.0.1",
	"::ffff:169.254.169.254",
	"::ffff:a9fe:a9fe",
	"::169.254.169.254",
	"64:ff9b::169.254.169.254",
	"64:ff9b::a9fe:a9fe",
	"2002:a9fe:a9fe::1",
	"fe80::1",
	"fe80::1%eth0",
	"fd00:ec2::254",
	"100.100.100.200",
	"168.63.129.16",
	"192.0.0.192",
])("a name that leads to %s is not called", async (address) => {
	const error = await errorOf(call(leadingTo("127.0.0.1", address)));
	expect(error).toMatchObject({ kind: "rejected", mayHaveHappened: false });
	expect(error.message).toMatch(/^GitLab at gitlab\.acme\.test leads to a link-local .* Check the baseUrl\.$/);
});

test("what is checked is what is connected to: a name that leads elsewhere the next moment is not called there", async () => {
	const asked: string[] = [];
	const answers = [leadingTo("127.0.0.1"), leadingTo("169.254.169.254")];
	const lookup: Lookup = (host) => {
		asked.push(host);
		return (answers.shift() ?? leadingTo())(host);
	};
	expect(await (await call(lookup)).text()).toBe("here");
	expect(asked).toEqual(["gitlab.acme.test"]);
	expect((await errorOf(call(lookup))).kind).toBe("rejected");
	expect(asked).toHaveLength(2);
});

test("a name that is not known is said as such", async () => {
	const unknown = Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
	expect(await errorOf(call(() => Promise.reject(unknown)))).toMatchObject({
		kind: "unavailable",
		mayHaveHappened: false,
	});
});

test("addresses need no name server", async () => {
	for (const host of ["[fe80::1]", "169.254.169.254", "[64:ff9b::a9fe:a9fe]"])
		expect((await errorOf(boundedFetch("GitLab", `http://${host}`)(`http://${host}`, {}))).kind).toBe("rejected");
	const url = `http://127.0.0.1:${port}`;
	expect((await boundedFetch("GitLab", url)(url, {})).status).toBe(200);
});

test("a log lies on this machine only where the provider does", async () => {
	const from = (baseUrl: string, location: string) =>
		fetchLogFrom(location, { provider: "GitHub", baseUrl, what: "the log" }, {}, (response) => response.text());
	expect(await from("http://localhost:1", `http://127.0.0.1:${port}`)).toBe("here");
	const before = calls;
	for (const location of [`http://127.0.0.1:${port}`, `https://127.0.0.1:${port}`, `https://localhost:${port}`, "x"])
		expect((await errorOf(from("https://api.github.com", location))).kind).toBe("rejected");
	for (const location of ["https://169.254.169.254/x", "https://[::ffff:a9fe:a9fe]/x"])
		expect((await errorOf(from("http://127.0.0.1:1", location))).message).toContain("metadata address");
	expect(calls).toBe(before);
});
