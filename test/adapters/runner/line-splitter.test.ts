import { expect, test } from "@jest/globals";
import { LineSplitter } from "../../../adapters/runner/line-splitter.ts";

function linesOf(...chunks: (string | Buffer)[]): string[] {
	const lines: string[] = [];
	const splitter = new LineSplitter((line) => lines.push(line));
	for (const chunk of chunks) splitter.push(Buffer.from(chunk as string));
	splitter.close();
	return lines;
}

test("lines come whole, wherever the chunks were cut, empty ones too", () => {
	expect(linesOf("on", "e\ntw", "o\n", "\nthree")).toEqual(["one", "two", "", "three"]);
});

test("a character that two chunks share stays one", () => {
	const bytes = Buffer.from("tè €\n");
	for (let at = 0; at <= bytes.length; at++)
		expect(linesOf(bytes.subarray(0, at), bytes.subarray(at))).toEqual(["tè €"]);
});

test("Windows line ends are line ends, also cut in the middle", () => {
	expect(linesOf("one\r\ntwo\r", "\nthree\r\n")).toEqual(["one", "two", "three"]);
});

test("of a progress bar the last word is kept", () => {
	expect(linesOf("10%\r", "50%\r100%\ndone\n", "5%\r", "7%")).toEqual(["100%", "done", "7%"]);
});

test("bytes that are no text do no harm", () => {
	expect(linesOf(Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a]))).toEqual(["a\ufffd\ufffdb"]);
	expect(linesOf("a\0b\x07c\td\n")).toEqual(["abc\td"]);
});

test("colours are left out", () => {
	expect(linesOf("\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\n")).toEqual(["red link"]);
});

test("a line that never ends takes no more memory than one that does", () => {
	const chunk = Buffer.alloc(1_000_000, "x");
	const [line, next] = linesOf(...Array.from({ length: 50 }, () => chunk), "\nnext");
	expect(line).toBe(`${"x".repeat(8_000)} … (line cut)`);
	expect(next).toBe("next");
});

test("a line is not cut within a word: half a secret would not be known as one", () => {
	const [line] = linesOf(`${"x".repeat(7_985)} own-secret-of-the-hub\n`);
	expect(line).toBe(`${"x".repeat(7_985)} … (line cut)`);
});
