import { isEnd, type Run } from "../../core/run.ts";
import type { Deps } from "../../deps.ts";
import { type LogLine, lastLines, matchingLines } from "../../store/run-log.ts";
import { type Piece, readAnsi } from "./ansi.ts";

const LINES = 1_000;
const EVERY = "every 2s";

/** The end of a run's log, or the lines in which a text is; it follows while the run is at work. */
export async function Log(deps: Deps, run: Run, search: string) {
	const lines =
		search === "" ? await lastLines(deps.db, run.id, LINES) : await matchingLines(deps.db, run.id, search, LINES);
	const follows = !isEnd(run.progress.state) && search === "";
	const address = `/runs/${run.number}/log`;
	return (
		<div id="log" {...(follows ? { "hx-get": address, "hx-trigger": EVERY, "hx-swap": "outerHTML" } : {})}>
			{lines.length === 0 ? (
				<p class="soft">{search === "" ? "There is no log yet." : "No line has that in it."}</p>
			) : (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be scrolled with the keyboard too.
				<section class="log" data-tail tabIndex={0} aria-label="Lines of the log">
					<ol class="mono">
						{lines.map((line) => (
							<Line key={line.n} line={line} search={search} />
						))}
					</ol>
				</section>
			)}
			<p class="soft">
				{lines.length === LINES ? `The last ${LINES.toLocaleString("en")} of them. ` : ""}
				<a href={`${address}.txt`}>The whole log as text</a>
			</p>
		</div>
	);
}

function Line({ line: { n, line }, search }: { readonly line: LogLine; readonly search: string }) {
	return (
		<li>
			<span class="n" aria-hidden="true">
				{n + 1}
			</span>
			<span>
				{readAnsi(line).map((piece, index) => (
					// biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a line never move.
					<Marked key={index} piece={piece} search={search} />
				))}
			</span>
		</li>
	);
}

function Marked({ piece: { text, classes }, search }: { readonly piece: Piece; readonly search: string }) {
	const at = search === "" ? -1 : text.toLowerCase().indexOf(search.toLowerCase());
	const end = at + search.length;
	return (
		<span {...(classes.length === 0 ? {} : { class: classes.join(" ") })}>
			{at === -1 ? text : [text.slice(0, at), <mark key="found">{text.slice(at, end)}</mark>, text.slice(end)]}
		</span>
	);
}
