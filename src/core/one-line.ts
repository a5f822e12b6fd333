import { stripVTControlCharacters } from "node:util";

/** A text that people or pipelines supply, as one line: control characters (and with them a terminal's own commands) become spaces. */
export function oneLine(text: string): string {
	return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}

/** Lines stay lines; a terminal's own commands are taken out. */
export function forTerminal(text: string): string {
	return stripVTControlCharacters(text).replace(/[^\P{Cc}\n\t]/gu, "");
}
