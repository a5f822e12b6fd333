import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { AUDIT_ACTIONS } from "../../core/audit-entry.ts";
import { type AuditFilter, auditPage, everyEntry, type PlacedEntry, SEARCHED } from "../../store/audit-pages.ts";
import { knownNames } from "../../use-cases/catalog.ts";
import { lastVerification, startVerification } from "../../use-cases/verify-trail.ts";
import { trailLine } from "../../words/trail-line.ts";
import { findRun } from "../api/find-run.ts";
import { auditCsv, auditJson } from "../audit-export.ts";
import { evidencePack } from "../evidence-pack.ts";
import { RunLink, Time } from "./bits.tsx";
import { missing } from "./board.tsx";
import { Columns } from "./columns.tsx";
import { Form } from "./layout.tsx";
import type { PageCall, PageReply, PageRoute } from "./page.tsx";
import { Choice } from "./runs.tsx";
import { refuseUnread, type Unread, UnreadNotice, unreadChoice } from "./unread.tsx";
import { VerificationNotice } from "./verification.tsx";

const PAGE = 50;
const WAIT_MS = 1_500;
const LOOK_EVERY_MS = 100;

export const auditPages: readonly PageRoute[] = [
	{ method: "GET", path: "/audit", handle: audit },
	{ method: "GET", path: "/audit.json", handle: (call) => exported(call, "json") },
	{ method: "GET", path: "/audit.csv", handle: (call) => exported(call, "csv") },
	{ method: "POST", path: "/audit/verify", handle: verify },
	{ method: "GET", path: "/audit/verification", handle: verification },
	{ method: "GET", path: "/runs/:run/evidence.json", handle: evidence },
];

function day(text: string | undefined): Date | undefined {
	const at = new Date(/^\d{4}-\d{2}-\d{2}$/.test(text ?? "") ? `${text}T00:00:00Z` : "");
	// The 31st of a shorter month is no day.
	return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text ?? "") ? at : undefined;
}

const A_DAY = "has to be a day, such as 2026-03-31";

interface FilterRead {
	readonly filter: Omit<AuditFilter, "limit">;
	readonly unread: readonly Unread[];
}

async function filterOf({ deps, query }: PageCall): Promise<FilterRead> {
	const { project, environment, action, q, run, cursor } = query;
	const found = run === undefined || run === "" ? null : await findRun(deps, run.replace(/^#/, ""));
	const [, atMs, seq, chain] = /^(\d{1,15})\.(\d{1,15})\.([\w-]{1,64})$/.exec(cursor ?? "") ?? [];
	const [since, until] = [day(query["since"]), day(query["until"])];
	const unread = [
		...unreadChoice("What", action, AUDIT_ACTIONS),
		...(query["since"] && since === undefined ? [{ filter: "From", value: query["since"], wanted: A_DAY }] : []),
		...(query["until"] && until === undefined ? [{ filter: "To", value: query["until"], wanted: A_DAY }] : []),
		...(found === null || found.ok ? [] : [{ filter: "Run", value: run ?? "", wanted: "names no run that there is" }]),
		...(cursor && chain === undefined
			? [{ filter: "Cursor", value: cursor, wanted: "is none that was given here" }]
			: []),
	];
	const filter = {
		project: project || undefined,
		environment: environment || undefined,
		action: AUDIT_ACTIONS.find((one) => one === action),
		text: q ? q.slice(0, 200).replaceAll("\0", "") : undefined,
		since,
		// The day itself is meant too.
		until: until === undefined ? undefined : new Date(until.getTime() + 86_400_000),
		runId: found?.ok ? found.value.id : undefined,
		after: chain === undefined ? undefined : { atMs: Number(atMs), seq: Number(seq), chain },
	};
	return { filter, unread };
}

async function audit(call: PageCall): Promise<PageReply> {
	const { deps, query } = call;
	const { filter, unread } = await filterOf(call);
	const found = unread.length > 0 ? [] : await auditPage(deps.db, { ...filter, limit: PAGE + 1 });
	const shown = found.slice(0, PAGE);
	const last = shown.at(-1);
	const { projects } = await knownNames(deps.db.manager);
	const environments = [...new Set(projects.flatMap((one) => one.environments.map(({ slug }) => slug)))];
	const verified = await lastVerification(deps.db);
	const { cursor: _, ...kept } = query;
	const here = new URLSearchParams(kept);
	const older =
		last === undefined ? "" : new URLSearchParams({ ...kept, cursor: `${last.entry.atMs}.${last.seq}.${last.chain}` });
	const content = (
		<>
			<div class="head">
				<div>
					<h1>Audit trail</h1>
					<p class="soft">Everything that was asked, decided and done. Nothing in it can be changed.</p>
				</div>
				<div class="buttons">
					<a class="button" href={`/audit.csv?${here}`}>
						CSV
					</a>
					<a class="button" href={`/audit.json?${here}`}>
						JSON
					</a>
					<Form action="/audit/verify" inline>
						<button class="primary" type="submit">
							Verify the trail
						</button>
					</Form>
				</div>
			</div>
			{verified === null ? null : <VerificationNotice one={verified} now={deps.now()} />}
			<form class="filters dense" method="get" action="/audit">
				<label class="field">
					<span>Search</span>
					<input type="search" name="q" value={query["q"] ?? ""} maxLength={200} />
				</label>
				<Choice name="project" label="Project" value={query["project"]} options={projects.map(({ slug }) => slug)} />
				<Choice name="environment" label="Environment" value={query["environment"]} options={environments} />
				<Choice name="action" label="What" value={query["action"]} options={AUDIT_ACTIONS} />
				<label class="field">
					<span>Run</span>
					<input type="text" name="run" value={query["run"] ?? ""} maxLength={200} />
				</label>
				<label class="field">
					<span>From</span>
					<input type="date" name="since" value={query["since"] ?? ""} />
				</label>
				<label class="field">
					<span>To</span>
					<input type="date" name="until" value={query["until"] ?? ""} />
				</label>
				<button type="submit">Show</button>
			</form>
			{query["q"] ? (
				<p class="soft">{`A search looks at the newest ${SEARCHED.toLocaleString("en")} entries that fit; narrow the days to go further back.`}</p>
			) : null}
			{unread.length > 0 ? (
				<UnreadNotice unread={unread} />
			) : shown.length === 0 ? (
				<div class="card empty">No entry fits.</div>
			) : (
				<div class="card scroll">
					<table class="stack trail">
						<Columns names={["When", "Who", "What", "Where", "Details"]} />
						<tbody>
							{shown.map((one) => (
								<Row key={`${one.chain} ${one.seq}`} one={one} />
							))}
						</tbody>
					</table>
				</div>
			)}
			{found.length > PAGE ? (
				<a class="button" href={`/audit?${older}`}>
					Older entries
				</a>
			) : null}
		</>
	);
	return { kind: "page", title: "Audit trail", section: "audit", content };
}

function Row({ one: { chain, seq, entry } }: { readonly one: PlacedEntry }) {
	return (
		<tr>
			<td data-label="When">
				<Time at={new Date(entry.atMs)} exact />
			</td>
			<td data-label="Who">
				<span>
					{entry.actor.name} <small>{entry.actor.via}</small>
				</span>
			</td>
			<td data-label="What">
				<code class="whole">{entry.action}</code>
			</td>
			<td data-label="Where">
				<span>
					{entry.project === null ? "" : `${entry.project}/${entry.environment} `}
					{entry.run === null ? null : <RunLink run={{ number: entry.run }} />}
				</span>
			</td>
			<td data-label="Details">
				<div>
					{trailLine(entry)}
					<details>
						<summary>{`Entry ${seq} of ${chain === "system" ? "the system" : "its environment"}`}</summary>
						<pre>{JSON.stringify(entry.data, null, 2)}</pre>
					</details>
				</div>
			</td>
		</tr>
	);
}

async function exported(call: PageCall, form: "json" | "csv"): Promise<PageReply> {
	const { filter, unread } = await filterOf(call);
	if (unread.length > 0) return refuseUnread(unread, "audit", "/audit");
	const entries = everyEntry(call.deps.db, filter);
	return form === "json"
		? { kind: "file", name: "draven-audit.json", type: "application/json", body: Readable.from(auditJson(entries)) }
		: {
				kind: "file",
				name: "draven-audit.csv",
				type: "text/csv; charset=utf-8",
				body: Readable.from(auditCsv(entries)),
			};
}

/** Begins it, and waits for a moment: of a small trail the answer is there at once. */
async function verify({ deps, dataDir }: PageCall): Promise<PageReply> {
	await startVerification(deps, dataDir);
	for (let waited = 0; waited < WAIT_MS; waited += LOOK_EVERY_MS) {
		await sleep(LOOK_EVERY_MS);
		if ((await lastVerification(deps.db))?.state !== "running") break;
	}
	return { kind: "go", to: "/audit" };
}

async function verification({ deps }: PageCall): Promise<PageReply> {
	const last = await lastVerification(deps.db);
	return { kind: "part", content: last === null ? <div /> : <VerificationNotice one={last} now={deps.now()} /> };
}

/** All that an auditor needs of one run, in one file. */
async function evidence({ deps, params }: PageCall): Promise<PageReply> {
	const found = await findRun(deps, params["run"] ?? "");
	if (!found.ok) return missing(`#${params["run"]}`);
	const run = found.value;
	return {
		kind: "file",
		name: `draven-run-${run.number}.json`,
		type: "application/json",
		body: Readable.from(evidencePack(deps, run)),
	};
}
