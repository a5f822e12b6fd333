import type { Run } from "../../core/run.ts";
import type { Deps } from "../../deps.ts";
import { IntegrationTable, type ProjectRow, ProjectTable } from "../../store/entities.ts";
import { type Drift, driftsOf } from "../../use-cases/drift.ts";
import { standings } from "../../use-cases/read-model.ts";
import type { Standing } from "../../words/standing-words.ts";
import { Badge, RefCode, RunLink, StateBadge, Time } from "./bits.tsx";
import type { PageCall, PageReply, PageRoute } from "./page.tsx";

/** Every project by environment: what runs where, and what keeps it from changing. */
export const boardPages: readonly PageRoute[] = [
	{ method: "GET", path: "/", handle: (call) => board(call, null) },
	{ method: "GET", path: "/projects/:project", handle: (call) => board(call, call.params["project"] ?? "") },
	{
		method: "GET",
		path: "/board",
		handle: async ({ deps, query }) => ({ kind: "part", content: await live(deps, query["project"] ?? null) }),
	},
];

async function board({ deps, admin }: PageCall, project: string | null): Promise<PageReply> {
	const known = await deps.db.getRepository(ProjectTable).find({ order: { slug: "ASC" } });
	const shown = known.filter((one) => one.archivedAt === null && (project === null || one.slug === project));
	if (project !== null && shown.length === 0) return missing(project);
	const title = project === null ? "Board" : (shown[0]?.name ?? project);
	const content = (
		<>
			<div class="head">
				<div>
					<h1>{title}</h1>
					<p class="soft">{project === null ? "What runs where, and what waits." : <a href="/">All projects</a>}</p>
				</div>
			</div>
			{shown.length === 0 ? (
				<div class="card empty">
					<h2>No project yet</h2>
					{admin ? (
						<p>
							<a href="/admin/projects">Add one here</a>, or in a draven.yaml: <code>draven apply -f draven.yaml</code>.
						</p>
					) : (
						<p>An admin adds them.</p>
					)}
				</div>
			) : (
				await live(deps, project)
			)}
		</>
	);
	return { kind: "page", title, section: "board", content };
}

export function missing(what: string): PageReply {
	const content = (
		<div class="card empty">
			<h1>There is nothing here</h1>
			<p>{`"${what}" is not known, or is archived.`}</p>
			<p>
				<a href="/">To the board</a>
			</p>
		</div>
	);
	return { kind: "page", title: "Not found", section: "board", content, status: 404 };
}

/** The part that follows what happens. */
async function live(deps: Deps, project: string | null) {
	const all = await standings(deps, { project, environment: null });
	const projects = await deps.db.getRepository(ProjectTable).find();
	const slugs = [...new Set(all.map((one) => one.project))];
	const names = new Map(projects.map((one) => [one.slug, one.name]));
	const drifts = await driftsAt(deps, projects, all);
	return (
		<div
			data-live
			data-ages
			hx-get={`/board${project === null ? "" : `?project=${encodeURIComponent(project)}`}`}
			hx-trigger="draven:changed"
			hx-swap="outerMorph"
		>
			{slugs.map((slug) => (
				<section class="project" key={slug} aria-labelledby={`project-${slug}`}>
					<h2 id={`project-${slug}`} class={project === null ? undefined : "sr"}>
						<a href={`/projects/${slug}`}>{names.get(slug) ?? slug}</a>
					</h2>
					<div class="grid">
						{all
							.filter((one) => one.project === slug)
							.map((one) => (
								<Environment key={one.environment} one={one} drift={drifts.get(one) ?? null} />
							))}
					</div>
				</section>
			))}
		</div>
	);
}

async function driftsAt(
	deps: Deps,
	projects: readonly ProjectRow[],
	shown: readonly Standing[],
): Promise<ReadonlyMap<Standing, Drift>> {
	const integrations = await deps.db.getRepository(IntegrationTable).find();
	const places = shown.flatMap((one) => {
		const project = projects.find(({ slug }) => slug === one.project);
		const integration = integrations.find(({ id }) => id === project?.integrationId);
		if (one.live === null || project === undefined || integration === undefined) return [];
		return [{ one, place: { project, integration, sha: one.live.ref.sha } }];
	});
	const drifts = await driftsOf(
		deps,
		places.map(({ place }) => place),
	);
	return new Map(places.flatMap(({ one }, at) => drifts.slice(at, at + 1).map((drift) => [one, drift] as const)));
}

function Environment({
	one,
	drift,
}: {
	readonly one: Standing;
	/** Null: nothing is live. */
	readonly drift: Drift | null;
}) {
	const { live: run, active, lock, frozen, waiting } = one;
	return (
		<article class="card env" id={`place-${one.project}-${one.environment}`}>
			<header>
				<h3>{one.environment}</h3>
				<div>
					{active === null ? null : <StateBadge state={active.progress.state} />}
					{frozen === null ? null : <Badge tone="wait">Frozen</Badge>}
					{lock === null ? null : <Badge tone="wait">Locked</Badge>}
				</div>
			</header>
			{run === null ? (
				<p class="soft">Nothing released yet.</p>
			) : (
				<div>
					<div class="live">
						<RefCode run={run} />
					</div>
					<small>
						<RunLink run={run} /> by {run.requestedBy.name}, <Finished run={run} />
					</small>
					{drift === null ? null : <DriftLine drift={drift} />}
				</div>
			)}
			{active === null ? null : (
				<p>
					<RunLink run={active} /> {active.type} of <RefCode run={active} /> by {active.requestedBy.name}
				</p>
			)}
			{lock === null ? null : (
				<p>
					<strong>Locked by {lock.person.name}</strong>
					{lock.reason === null ? "" : `: ${lock.reason}`}
					{lock.until === null ? null : (
						<>
							, until <Time at={lock.until} />
						</>
					)}
				</p>
			)}
			{frozen === null ? null : (
				<p>
					{frozen.what} until {frozen.until === null ? "the freeze is lifted" : <Time at={frozen.until} />}:{" "}
					{frozen.why}
				</p>
			)}
			{waiting.length === 0 ? null : (
				<ul class="plain">
					{waiting.map((next) => (
						<li key={next.id}>
							<StateBadge state={next.progress.state} /> <RunLink run={next} /> <RefCode run={next} /> by{" "}
							{next.requestedBy.name}
						</li>
					))}
				</ul>
			)}
			<Again one={one} />
		</article>
	);
}

/** Of what stops releases only the time counts from which on nothing does. */
function Again({ one: { frozen, window, again } }: { readonly one: Standing }) {
	if (frozen === null && window === null) return null;
	if (frozen === null && window?.open === true) return <small>The window is open.</small>;
	const first = frozen === null ? "Outside of its windows." : "";
	if (again === null) return first === "" ? null : <small>{first}</small>;
	return (
		<small>
			{first} Releases may go again: <Time at={again} />
		</small>
	);
}

function Finished({ run }: { readonly run: Run }) {
	return "finishedAt" in run.progress ? <Time at={run.progress.finishedAt} /> : null;
}

function DriftLine({ drift }: { readonly drift: Drift }) {
	switch (drift.kind) {
		case "read":
			return (
				<small class="drift">
					{drift.says}
					{drift.isOld ? (
						<>
							{" "}
							Read <Time at={drift.readAt} />; the provider does not answer now.
						</>
					) : null}
				</small>
			);
		case "being_read":
			return <small class="drift">How far it is behind is being read.</small>;
		case "unknown":
			return (
				<small class="drift">
					How far it is behind is not known: the provider did not answer. Asked <Time at={drift.askedAt} />.
				</small>
			);
		default:
			return drift satisfies never;
	}
}
