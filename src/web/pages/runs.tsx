import { RUN_STATES, type Run, type RunState } from "../../core/run.ts";
import type { Deps } from "../../deps.ts";
import { listRuns, type RunFilter } from "../../store/runs.ts";
import { knownNames } from "../../use-cases/catalog.ts";
import { stateWord } from "../../words/state-label.ts";
import { environmentsNamed } from "../api/find-place.ts";
import { RefCode, RunLink, StateBadge, Time } from "./bits.tsx";
import { Columns } from "./columns.tsx";
import { spoken } from "./duration.ts";
import type { PageCall, PageReply, PageRoute } from "./page.tsx";
import { UnreadNotice, unreadBefore, unreadChoice } from "./unread.tsx";

const PAGE = 50;

export const runsPages: readonly PageRoute[] = [{ method: "GET", path: "/runs", handle: runs }];

async function runs({ deps, query }: PageCall): Promise<PageReply> {
	const { projects } = await knownNames(deps.db.manager);
	const state = RUN_STATES.find((one) => one === query["state"]);
	const { project, environment, before } = query;
	const filter = {
		...(project === undefined || project === "" ? {} : { project }),
		...(environment === undefined || environment === "" ? {} : { environment }),
		...(state === undefined ? {} : { state }),
	};
	const from = /^\d{1,9}$/.test(before ?? "") ? { before: Number(before) } : {};
	const unread = [...unreadChoice("State", query["state"], RUN_STATES), ...unreadBefore(before)];
	const found = unread.length > 0 ? [] : await foundBy(deps, { ...filter, ...from });
	const shown = found.slice(0, PAGE);
	const last = shown.at(-1);
	const environments = [...new Set(projects.flatMap((one) => one.environments.map(({ slug }) => slug)))];
	const older = new URLSearchParams({ ...filter, before: String(last?.number ?? 0) });
	const content = (
		<>
			<h1>Runs</h1>
			<form class="filters" method="get" action="/runs">
				<Choice name="project" label="Project" value={project} options={projects.map(({ slug }) => slug)} />
				<Choice name="environment" label="Environment" value={environment} options={environments} />
				<Choice
					name="state"
					label="State"
					value={state}
					options={RUN_STATES}
					shown={(one) => stateWord(one as RunState)}
				/>
				<button type="submit">Show</button>
			</form>
			{unread.length > 0 ? (
				<UnreadNotice unread={unread} />
			) : (
				<div
					class={shown.length === 0 ? "card empty" : "card scroll"}
					data-live
					hx-get={`/runs?${new URLSearchParams({ ...filter, ...stringly(from) })}`}
					hx-select="[data-live]"
					hx-trigger="draven:changed"
					hx-swap="outerMorph"
				>
					{shown.length === 0 ? "No run fits." : <RunsTable runs={shown} />}
				</div>
			)}
			{found.length > PAGE ? (
				<a class="button" href={`/runs?${older}`}>
					Older runs
				</a>
			) : null}
		</>
	);
	return { kind: "page", title: "Runs", section: "runs", content };
}

export function RunsTable({
	runs,
	took = null,
}: {
	readonly runs: readonly Run[];
	/** A time that was measured on each of them, and what it is called. */
	readonly took?: { readonly label: string; readonly seconds: ReadonlyMap<number, number> } | null;
}) {
	return (
		<table class="stack">
			<Columns names={["Run", "State", "Where", "What", "Asked by", "When", ...(took === null ? [] : [took.label])]} />
			<tbody>
				{runs.map((run) => (
					<tr key={run.id}>
						<td data-label="Run">
							<RunLink run={run} />
						</td>
						<td data-label="State">
							<StateBadge state={run.progress.state} />
						</td>
						<td data-label="Where">
							{run.project}/{run.environment}
						</td>
						<td data-label="What">
							<span>
								{run.type === "deploy" ? "" : `${run.type} `}
								<RefCode run={run} />
							</span>
						</td>
						<td data-label="Asked by">{run.requestedBy.name}</td>
						<td data-label="When">
							<Time at={run.createdAt} />
						</td>
						{took === null ? null : <td data-label={took.label}>{spoken(took.seconds.get(run.number) ?? null)}</td>}
					</tr>
				))}
			</tbody>
		</table>
	);
}

/** By what there are indexes for: environments by id. */
async function foundBy(deps: Deps, { environment, ...filter }: Omit<RunFilter, "limit">): Promise<readonly Run[]> {
	if (environment === undefined) return listRuns(deps.db, { ...filter, limit: PAGE + 1 });
	const named = await environmentsNamed(deps, { project: filter.project, environment });
	if (!named.ok || named.value === null) return [];
	return listRuns(deps.db, { ...filter, environmentIds: named.value, limit: PAGE + 1 });
}

const stringly = (values: Readonly<Record<string, number>>) =>
	Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]));

export function Choice({
	name,
	label,
	value,
	options,
	shown = (one) => one,
}: {
	readonly name: string;
	readonly label: string;
	readonly value: string | undefined;
	readonly options: readonly string[];
	readonly shown?: (option: string) => string;
}) {
	return (
		<label class="field">
			<span>{label}</span>
			<select name={name}>
				<option value="">all</option>
				{options.map((one) => (
					<option key={one} value={one} selected={one === value}>
						{shown(one)}
					</option>
				))}
			</select>
		</label>
	);
}
