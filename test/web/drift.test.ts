import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { PipelinePort } from "../../src/ports/pipeline.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { Browser } from "./browser.ts";
import { Site } from "./site.ts";

let site: Site;
let ann: Browser;
/** What the provider was asked for the board: each head, and each comparison. */
const asked: string[] = [];
/** The provider answers when it is let go; null: at once. */
let held: { readonly until: Promise<void>; readonly letGo: () => void } | null = null;

function hold(): void {
	let letGo = () => {};
	const until = new Promise<void>((resolve) => {
		letGo = resolve;
	});
	held = { until, letGo };
}

const drift = async () => /class="drift">(.*?)<\/small>/s.exec((await ann.get("/")).text)?.[1]?.replace(/<[^>]*>/g, "");

async function driftLike(pattern: RegExp): Promise<void> {
	let found = await drift();
	while (!pattern.test(found ?? "")) found = await drift();
}

beforeAll(async () => {
	site = await Site.open({
		deps: ({ pipeline, deps }) => ({
			pipelineOf: (integration): PipelinePort =>
				Object.assign(Object.create(deps.pipelineOf(integration)), {
					async resolveRef(...[project, ref]: Parameters<PipelinePort["resolveRef"]>) {
						if (ref === "main") {
							asked.push("head");
							await held?.until;
						}
						return pipeline.resolveRef(project, ref);
					},
					async compare(...all: Parameters<PipelinePort["compare"]>) {
						asked.push("compare");
						return pipeline.compare(...all);
					},
				}),
		}),
	});
	const { world } = site;
	world.pipeline.comparisonOf = () => ({ ahead: 3, behind: 0, more: false, commits: [], url: null });
	await world.deployed("U_OPS", "deploy shop@v1.1.0 to stage");
	ann = new Browser(site);
	await ann.signIn("U_ANN");
	asked.length = 0;
});
afterAll(() => site.close());

test("drift is in the page itself, and one reading is shared by all who look", async () => {
	await Promise.all(Array.from({ length: 20 }, () => ann.get("/")));
	await driftLike(/^Behind main by 3 commits\.$/);
	expect(asked).toEqual(["head", "compare"]);
});

test("a provider that does not answer delays no page: what was read is shown", async () => {
	hold();
	site.world.pipeline.comparisonOf = () => ({ ahead: 4, behind: 0, more: false, commits: [], url: null });
	site.world.sleep(61_000);
	expect(await drift()).toBe("Behind main by 3 commits.");
	expect(await drift()).toBe("Behind main by 3 commits.");
	held?.letGo();
	held = null;
	await driftLike(/by 4 commits\.$/);
	expect(asked).toEqual(["head", "compare", "head", "compare"]);
});

test("when it is dead, how old that is is said; and what was never read is said to be unknown", async () => {
	const { world } = site;
	world.pipeline.down = new VendorError("unavailable", "the provider is down");
	world.sleep(61_000);
	await driftLike(/^Behind main by 4 commits\. Read .* UTC; the provider does not answer now\.$/);
	world.pipeline.down = null;
	await world.deployed("U_OPS", "deploy shop@v1.2.0 to stage");
	world.pipeline.down = new VendorError("unavailable", "the provider is down");
	world.sleep(61_000);
	await driftLike(/^How far it is behind is not known: the provider did not answer\. Asked .* UTC\.$/);
	world.pipeline.down = null;
	world.sleep(61_000);
	await driftLike(/^Behind main/);
});

test("at first a provider that does not answer is waited for shortly, and by one page alone", async () => {
	const { world } = site;
	await world.deployed("U_OPS", "deploy shop@main to stage");
	await world.deployed("U_OPS", "deploy shop@v1.1.0 to stage");
	world.sleep(31 * 60_000);
	hold();
	expect(await drift()).toBe("How far it is behind is being read.");
	const before = performance.now();
	expect(await drift()).toBe("How far it is behind is being read.");
	expect(performance.now() - before).toBeLessThan(300);
	held?.letGo();
	held = null;
	await driftLike(/^Behind main by 4 commits\.$/);
});
