import { expect, test } from "@jest/globals";
import { lastBytes } from "../../../adapters/http/last-bytes.ts";

test("a text that is cut begins with a whole line: half a secret is not known as one", async () => {
	const line = `${"x".repeat(99)}\n`;
	const long = await lastBytes(new Response(line.repeat(50_001)));
	expect(long.length).toBe(1_999_900);
	expect(long.startsWith(line)).toBe(true);
	expect(await lastBytes(new Response(line.repeat(20_000)))).toBe(line.repeat(20_000));
	expect(await lastBytes(new Response("x".repeat(2_000_001)))).toBe("");
});
