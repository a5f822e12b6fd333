import { expect, test } from "@jest/globals";
import { checkAddress } from "../../../adapters/http/check-address.ts";
import { errorOf } from "../contract/contract-setting.ts";

const leadingTo =
	(...addresses: string[]) =>
	async () =>
		addresses.map((address) => ({ address }));

test.each(["169.254.169.254", "169.254.0.1", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254", "100.100.100.200"])(
	"a name that leads to %s is not called",
	async (address) => {
		const error = await errorOf(checkAddress("GitLab", "gitlab.acme.test", leadingTo("10.0.0.7", address)));
		expect(error).toMatchObject({ kind: "rejected", mayHaveHappened: false });
		expect(error.message).toMatch(/^GitLab at gitlab\.acme\.test leads to a link-local .* Check the baseUrl\.$/);
	},
);

test("any other may be called: a server of one's own lives in a private network", async () => {
	for (const address of ["10.0.0.7", "192.168.1.7", "127.0.0.1", "::1", "fd00::7", "203.0.113.7"])
		await checkAddress("GitLab", "gitlab.acme.test", leadingTo(address));
});

test("a name that is not known is left to the call", async () => {
	await checkAddress("GitLab", "gitlab.acme.test", () => Promise.reject(new Error("ENOTFOUND")));
});

test("addresses need no name server", async () => {
	expect((await errorOf(checkAddress("GitLab", "[fe80::1]"))).kind).toBe("rejected");
	await checkAddress("GitLab", "127.0.0.1");
});
