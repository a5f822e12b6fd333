import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { externalOf } from "../../src/core/run.ts";
import { Browser } from "./browser.ts";
import { Site } from "./site.ts";

let site: Site;
beforeAll(async () => {
	site = await Site.open();
});
afterAll(() => site.close());

test("the page of a run shows its jobs and steps as its thread does, with a way to each that is on the web, and looks again while they go on", async () => {
	const { world } = site;
	const run = await world.runOf(await world.say("U_OPS", "deploy shop@v1.0.0 to stage"));
	await world.work();
	const at = `/runs/${run.number}`;
	const ann = new Browser(site);
	await ann.signIn("U_ANN");
	expect((await ann.get(at)).text).not.toContain("Jobs and steps");
	const { externalId = "" } = externalOf(await world.run(run.number)) ?? {};
	world.pipeline.stepsOf.set(externalId, [
		{ id: "1", name: "build <it>", status: "succeeded", url: "https://ci.test/1" },
		{ id: "2", name: "release", status: "running", url: "javascript:alert(1)" },
	]);
	await world.hear(world.pipeline.set(run.id, "running"));
	await world.work();
	const { text } = await ann.get(at);
	expect(text).toMatch(
		/✅ <a href="https:\/\/ci\.test\/1"[^>]*>build &lt;it><\/a>: succeeded\n🔄 <span>release<\/span>: running/,
	);
	expect(text).not.toContain("javascript:alert");
	expect(text).toContain("every 5s");
	await world.finish(run, "succeeded");
	world.sleep(2 * 60_000);
	const over = (await ann.get(at)).text;
	expect(over).toContain("Jobs and steps");
	expect(over).not.toContain("every 5s");
});
