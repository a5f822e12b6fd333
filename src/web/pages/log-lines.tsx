import type { ComponentChildren } from "preact";
import type { LogLine } from "../../store/run-log.ts";
import { type Piece, readAnsi } from "./ansi.ts";

/** Lines that scroll in a box of their own. They are not read out as they come: a fast log would never be silent. */
export function LogLines({
	lines,
	search = "",
	linkTo,
}: {
	readonly lines: readonly LogLine[];
	readonly search?: string;
	readonly linkTo?: (n: number) => string;
}) {
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be scrolled with the keyboard too.
		<div class="log" role="log" aria-live="off" tabIndex={0} aria-label="Lines of the log">
			<ol class="mono">
				{lines.map((line) => (
					<Line key={line.n} line={line} search={search} linkTo={linkTo} />
				))}
			</ol>
		</div>
	);
}

export function Line({
	line: { n, line },
	search = "",
	linkTo,
}: {
	readonly line: LogLine;
	readonly search?: string;
	readonly linkTo?: ((n: number) => string) | undefined;
}) {
	return (
		<li id={`line-${n + 1}`}>
			{linkTo === undefined ? (
				<span class="n" aria-hidden="true">
					{n + 1}
				</span>
			) : (
				<a class="n" href={linkTo(n)} aria-label={`Line ${n + 1}, where it stands`}>
					{n + 1}
				</a>
			)}
			<span>
				{readAnsi(line).map((piece, index) => (
					// biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a line never move.
					<Marked key={index} piece={piece} search={search} />
				))}
			</span>
		</li>
	);
}

function Marked({
	piece: { text, classes },
	search,
}: {
	readonly piece: Piece;
	readonly search: string;
}): ComponentChildren {
	const at = search === "" ? -1 : text.toLowerCase().indexOf(search.toLowerCase());
	const end = at + search.length;
	const shown = at === -1 ? text : [text.slice(0, at), <mark key="found">{text.slice(at, end)}</mark>, text.slice(end)];
	return classes.length === 0 ? shown : <span class={classes.join(" ")}>{shown}</span>;
}
