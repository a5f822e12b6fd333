import { createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { bitbucketWebhook } from "../../../adapters/bitbucket/webhook.ts";
import { PAYLOADS } from "./payloads.ts";

const NOW = new Date("2026-03-04T10:00:00Z");
const SECRET = "It's a Secret to Everybody";
const headers = (event = "repo:commit_status_updated") => ({ "x-event-key": event });
const bytes = (payload: unknown) => Buffer.from(JSON.stringify(payload));
const read = (payload: unknown, event?: string) => bitbucketWebhook.read(bytes(payload), headers(event));

describe("the signature", () => {
	const raw = Buffer.from("Hello World!");
	const good = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
	const verify = (given: string | string[] | undefined, of = raw, secret = SECRET) =>
		bitbucketWebhook.verify(secret, of, given === undefined ? {} : { "x-hub-signature": given }, NOW);

	test("is the one of Bitbucket's documentation", () => {
		expect(verify(good)).toBe(true);
	});

	test("is over the raw bytes, also when they are no text", () => {
		const odd = Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]);
		const hex = createHmac("sha256", SECRET).update(odd).digest("hex");
		expect(verify(`sha256=${hex}`, odd)).toBe(true);
		expect(verify(`sha256=${hex}`, Buffer.from(odd.toString("utf8")))).toBe(false);
	});

	test("does not fit another body, another secret, or an empty one", () => {
		expect(verify(good, Buffer.from("Hello World?"))).toBe(false);
		expect(verify(good, raw, "another")).toBe(false);
		const empty = createHmac("sha256", "").update(raw).digest("hex");
		expect(verify(`sha256=${empty}`, raw, "")).toBe(false);
	});

	test.each([
		undefined,
		"",
		"sha256=",
		good.slice(7),
		good.replace("sha256", "sha1"),
		good.slice(0, -2),
		`${good}00`,
		[good],
	])("that is missing or malformed is false and throws nothing (%j)", (given) => {
		expect(verify(given)).toBe(false);
	});
});

describe("what is of interest", () => {
	test("are commit statuses alone, and the others are told why they are not", () => {
		for (const event of ["repo:commit_status_created", "repo:commit_status_updated"])
			expect(bitbucketWebhook.ignoredBecause(headers(event))).toBeNull();
		expect(bitbucketWebhook.ignoredBecause(headers("diagnostics:ping"))).toContain("whether we are here");
		for (const event of ["repo:push", "pullrequest:created", "repo:commit_comment_created"])
			expect(bitbucketWebhook.ignoredBecause(headers(event))).toContain(event);
	});
});

describe("what makes two deliveries the same one", () => {
	test("is the body, whatever the headers say: the signature does not cover them", () => {
		const body = bytes(PAYLOADS.plain);
		const key = (more: object) => bitbucketWebhook.deliveryKey(body, { ...headers(), ...more });
		expect(key({ "x-request-uuid": "1", "x-attempt-number": "1" })).toBe(
			key({ "x-request-uuid": "2", "x-attempt-number": "3" }),
		);
		expect(bitbucketWebhook.deliveryKey(bytes(PAYLOADS.updatedLater), headers())).not.toBe(key({}));
	});
});

describe("a payload", () => {
	test.each(Object.entries(PAYLOADS))(
		"%s names the run by its repository and the number of its page",
		(_name, payload) => {
			expect(read(payload)).toEqual({ kind: "nudge", repository: "acme/shop", run: "4" });
		},
	);

	test("says how the run stands nowhere: two with different states say the same", () => {
		const said = (state: string) =>
			read({ ...PAYLOADS.plain, commit_status: { ...PAYLOADS.plain.commit_status, state } });
		expect(said("SUCCESSFUL")).toEqual(said("FAILED"));
	});

	test.each([
		["nothing", {}],
		["a list", []],
		["null", null],
		["a text", "hello"],
		["no commit status", { repository: { full_name: "acme/shop" } }],
		["a commit status without an address", { ...PAYLOADS.plain, commit_status: { state: "FAILED" } }],
		["an address of another CI", { ...PAYLOADS.plain, commit_status: { url: "https://ci.test/job/4" } }],
		["an address without a number", { ...PAYLOADS.plain, commit_status: { url: "https://x.test/results/latest" } }],
		[
			"a number that is none",
			{ ...PAYLOADS.plain, commit_status: { url: `https://x.test/results/${"4".repeat(40)}` } },
		],
		["no repository", { commit_status: { url: "https://ci.test/results/4" } }],
	])("of %s is ignored, and it is said why", (_name, payload) => {
		expect(read(payload)).toEqual({ kind: "ignored", because: expect.stringMatching(/^[A-Z].*\.$/) });
	});

	test("that is no JSON is ignored", () => {
		expect(bitbucketWebhook.read(Buffer.from("{"), headers())).toMatchObject({ kind: "ignored" });
		expect(bitbucketWebhook.read(Buffer.from([0xff, 0x00]), headers())).toMatchObject({ kind: "ignored" });
	});

	test("of another event is ignored, whatever it holds", () => {
		expect(read(PAYLOADS.plain, "repo:push")).toMatchObject({ kind: "ignored" });
	});
});
