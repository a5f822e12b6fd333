import { expect, test } from "@jest/globals";
import { lastBytes } from "../../../adapters/http/last-bytes.ts";
import { EARLIER_LEFT_OUT, isLogCut } from "../../../src/core/log-cut.ts";

test("a text that is cut begins with a whole line: half a secret is not known as one", async () => {
	const line = `${"x".repeat(99)}\n`;
	const long = await lastBytes(new Response(line.repeat(50_001)));
	const [first, second] = long.split("\n");
	expect(isLogCut(first ?? "")).toBe(true);
	expect([second, long.length - `${first}\n`.length]).toEqual([line.trim(), 1_999_900]);
	expect(await lastBytes(new Response(line.repeat(20_000)))).toBe(line.repeat(20_000));
	expect(await lastBytes(new Response("x".repeat(2_000_001)))).toBe(`${EARLIER_LEFT_OUT}\n`);
});
