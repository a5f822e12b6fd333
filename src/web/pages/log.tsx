import { isEnd, type Run } from "../../core/run.ts";
import type { Deps } from "../../deps.ts";
import { hasOpenJob } from "../../store/jobs.ts";
import { lastLines, linesFrom, matchingLines } from "../../store/run-log.ts";
import { LogLines } from "./log-lines.tsx";

const LINES = 1_000;

/** What of a log is looked at: its end, the lines from a number on, or those that have a text in them. */
export interface LogQuery {
	readonly search: string;
	readonly from: number | null;
}

export function logQuery(query: Readonly<Record<string, string>>): LogQuery {
	const from = /^\d{1,9}$/.test(query["from"] ?? "") ? Number(query["from"]) : null;
	return { search: (query["q"] ?? "").slice(0, 200), from };
}

/** A run's log. Its end follows what comes, and is searched where it stands; without scripts by links and a form. */
export async function Log(deps: Deps, run: Run, { search, from }: LogQuery) {
	if (search !== "") return Found(deps, run, search);
	const lines = from === null ? await lastLines(deps.db, run.id, LINES) : await linesFrom(deps.db, run.id, from, LINES);
	const first = lines[0]?.n ?? 0;
	const isOver = isEnd(run.progress.state) && !(await hasOpenJob(deps.db, run.id, "fetch_log"));
	const page = `/runs/${run.number}`;
	const isLive = from === null;
	return (
		<div
			id="log"
			{...(isLive ? { "data-log": `${page}/log`, "data-next": (lines.at(-1)?.n ?? -1) + 1, "data-first": first } : {})}
			{...(isLive && !isOver ? { "data-follow": "" } : {})}
		>
			<div data-lines hidden={lines.length === 0}>
				<Search run={run} search="" />
			</div>
			<p class="soft" data-empty hidden={lines.length > 0}>
				{from !== null ? "There are no lines from there on." : isOver ? "There is no log." : "There is no log yet."}
			</p>
			<div class="tail" data-lines hidden={lines.length === 0}>
				<LogLines lines={lines} />
				<button type="button" class="primary" data-to-end hidden>
					To the newest lines
				</button>
			</div>
			<p role="status" class="sr" data-said />
			<p class="soft pager">
				{first > 0 ? <a href={`${page}?from=${Math.max(0, first - LINES)}#log`}>Older lines</a> : null}
				{from !== null && lines.length === LINES ? <a href={`${page}?from=${from + LINES}#log`}>Newer lines</a> : null}
				{from === null ? null : <a href={`${page}#log`}>The newest lines</a>}
				<a href={`${page}/log.txt`} data-lines hidden={lines.length === 0}>
					The whole log as text
				</a>
				{isLive && !isOver ? <span data-link /> : null}
				{isLive && !isOver ? <noscript>Load the page again to see what came since.</noscript> : null}
			</p>
		</div>
	);
}

async function Found(deps: Deps, run: Run, search: string) {
	const { lines, count } = await matchingLines(deps.db, run.id, search, LINES);
	const page = `/runs/${run.number}`;
	return (
		<div id="log">
			<Search run={run} search={search} />
			<p class="soft">{foundWords(count)}</p>
			{lines.length === 0 ? null : (
				<LogLines lines={lines} search={search} linkTo={(n) => `${page}?from=${Math.max(0, n - 20)}#line-${n + 1}`} />
			)}
			<p class="soft pager">
				<a href={`${page}#log`}>The log as a whole</a>
				<a href={`${page}/log.txt`}>As text</a>
			</p>
		</div>
	);
}

function foundWords(count: number): string {
	if (count === 0) return "No line has that in it.";
	const lines = count === 1 ? "1 line has it" : `${count.toLocaleString("en")} lines have it`;
	return count > LINES ? `${lines}; these are the last ${LINES.toLocaleString("en")}.` : `${lines}.`;
}

/** Searches the whole log by a page of its own; with scripts, where it stands. */
function Search({ run, search }: { readonly run: Run; readonly search: string }) {
	return (
		<search>
			<form class="filters" method="get" action={`/runs/${run.number}#log`} data-search>
				<label class="field">
					<span>Search the log</span>
					<input type="search" name="q" value={search} maxLength={200} />
				</label>
				<button type="submit">Search</button>
				<span data-scripted hidden class="buttons">
					<button type="button" data-previous aria-label="To the line with it before this one">
						<span aria-hidden="true">↑</span>
					</button>
					<button type="button" data-following aria-label="To the next line with it">
						<span aria-hidden="true">↓</span>
					</button>
					<output data-count />
					<label>
						<input type="checkbox" data-only /> Only lines that have it
					</label>
				</span>
			</form>
		</search>
	);
}
