import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { canonicalJson } from "../../src/core/canonical-json.ts";
import { type Fingerprinted, fingerprint } from "../../src/core/fingerprint.ts";

const PIPELINE: Fingerprinted["pipeline"] = {
	integrationId: "i1",
	provider: "github",
	baseUrl: null,
	repository: "acme/web",
	pipeline: "deploy.yml",
	defaultRef: "main",
	labels: [],
};

const WHAT: Fingerprinted = {
	projectId: "p1",
	environmentId: "e1",
	sha: "a".repeat(40),
	type: "deploy",
	parameters: { region: "eu", size: "2" },
	pipeline: PIPELINE,
	policyVersion: "1",
	force: null,
};

const CHANGES: { [K in keyof Fingerprinted]: Fingerprinted[K] } = {
	projectId: "p2",
	environmentId: "e2",
	sha: "b".repeat(40),
	type: "dry-run",
	parameters: { region: "us", size: "2" },
	pipeline: { ...PIPELINE, pipeline: "other.yml" },
	policyVersion: "2",
	force: { reason: "down", waived: ["ci"] },
};

test("each part of it changes it, the order of its keys does not", () => {
	const all = Object.entries(CHANGES).map(([key, value]) => fingerprint({ ...WHAT, [key]: value }));
	expect(new Set([fingerprint(WHAT), ...all]).size).toBe(1 + all.length);
	expect(fingerprint({ ...WHAT, parameters: { size: "2", region: "eu" } })).toBe(fingerprint(WHAT));
	expect(fingerprint(WHAT)).toMatch(/^[0-9a-f]{64}$/);
});

test("canonical JSON is JSON, and the same whatever the order of the keys", () => {
	fc.assert(
		fc.property(fc.jsonValue(), (value) => {
			const text = canonicalJson(value);
			expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
			expect(canonicalJson(reversed(value))).toBe(text);
		}),
	);
});

function reversed(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(reversed);
	if (value === null || typeof value !== "object") return value;
	return Object.fromEntries(
		Object.entries(value)
			.reverse()
			.map(([key, member]) => [key, reversed(member)]),
	);
}
