import { expect, test } from "@jest/globals";
import { AUDIT_ACTIONS, type AuditAction, SYSTEM_ACTOR } from "../../src/core/audit-entry.ts";
import { trailLine } from "../../src/words/trail-line.ts";

const line = (action: AuditAction, data: object = {}): string =>
	trailLine({
		...{ atMs: 0, action, actor: SYSTEM_ACTOR, project: null, environment: null, runId: null, run: null },
		data: { ...data },
	});
const ada = { id: "1", name: "Ada" };
const until = "2026-03-04T10:00:00.000Z";

test("what happened outside of runs is said in a sentence", () => {
	expect(line("freeze.set", { scope: "*", reason: "works", until })).toBe(
		"Releases to everything are stopped until 2026-03-04 10:00 UTC: works.",
	);
	expect(line("freeze.set", { scope: "web/*", until: null })).toBe("Releases to web/* are stopped.");
	expect(line("lock.taken", { person: ada, reason: null, until: null })).toBe("Ada locked it.");
	expect(line("lock.stolen", { person: ada, takenFrom: { id: "2", name: "Ben" }, reason: "now" })).toBe(
		"Ada took the lock of Ben: now.",
	);
	expect(line("run.refused", { code: "no_right", message: "You may not." })).toBe("You may not.");
	expect(
		line("config.changed", {
			changes: [
				{ action: "create", kind: "policy", name: "strict", fields: [{ field: "rules" }], note: null },
				{ action: "update", kind: "project", name: "web", fields: [{ field: "defaultRef" }], note: null },
				...Array.from({ length: 5 }, (_, n) => ({
					action: "remove",
					kind: "environment",
					name: `web/${n}`,
					fields: [],
				})),
			],
		}),
	).toBe(
		"Made the policy strict; changed the project web (defaultRef); removed the environment web/0; removed the environment web/1; removed the environment web/2, and 2 more.",
	);
	expect(line("web.link_refused", { state: "used" })).toBe("A link that was used before was tried.");
});

test("whatever an entry lacks, it is said", () => {
	for (const action of AUDIT_ACTIONS) expect(line(action)).not.toMatch(/undefined|null|NaN/);
});
