import { renderToString } from "preact-render-to-string";
import type { LogLine } from "../../store/run-log.ts";
import { Line } from "./log-lines.tsx";

/** Lines as one event of a page that follows a log, as they stand there: many at once cost a browser little more than one. */
export function linesEvent(lines: readonly LogLine[]): string {
	const html = lines.map((line) => renderToString(<Line line={line} />)).join("");
	return `id: ${lines.at(-1)?.n}\nevent: lines\ndata: ${html.replace(/[\r\n]+/g, " ")}\n\n`;
}
