import type { Evidence } from "../../core/evidence.ts";
import { externalOf, type Run } from "../../core/run.ts";
import type { Deps } from "../../deps.ts";
import { approvalsOf } from "../../store/approvals.ts";
import { storyOf } from "../../store/audit-pages.ts";
import { lastShownProgress } from "../../store/run-progress.ts";
import { evidenceOf } from "../../store/runs.ts";
import { frozenWaiting } from "../../use-cases/frozen-waiting.ts";
import type { Caller } from "../../use-cases/identify.ts";
import { evidenceBlocks } from "../../words/evidence-words.ts";
import { progressLines } from "../../words/progress-card.ts";
import { runTitle } from "../../words/run-card.ts";
import { storyLine } from "../../words/story-line.ts";
import { Badge, RefCode, RichText, RunLink, SafeLink, StateBadge, Time } from "./bits.tsx";
import { Blocks } from "./cards.tsx";
import { Actions } from "./run-actions.tsx";

const STORY = 500;
/** Milliseconds after a run's end in which its last steps may still be heard of. */
const SETTLES_FOR_MS = 90_000;

/** The part of a run's page that follows what happens. */
export async function Live(deps: Deps, caller: Caller, run: Run) {
	const approvals = await approvalsOf(deps.db, run.id);
	const story = await storyOf(deps.db, run.id, 0, STORY);
	const evidence = await evidenceOf(deps.db, run.id);
	const page = externalOf(run)?.externalUrl ?? null;
	const steps = await lastShownProgress(deps.db, run.id);
	const frozen = await frozenWaiting(deps, run);
	const { progress } = run;
	const isAwaited = progress.state === "waiting_approval";
	const isOver = endedFor(deps, run) > SETTLES_FOR_MS;
	const looksAgain = isAwaited ? evidence === null : externalOf(run) !== null && !isOver;
	const reason = "reason" in progress && progress.state !== "succeeded" ? progress.reason : null;
	return (
		<div
			data-live
			data-chain={run.environmentId}
			hx-get={`/runs/${run.number}/live`}
			// What is gathered for those who decide is in no trail, nor are the steps of a pipeline.
			data-ages={isAwaited ? "" : undefined}
			hx-trigger={looksAgain ? "draven:changed, every 5s" : "draven:changed"}
			hx-swap="outerMorph"
		>
			<div class="head">
				<div>
					<h1>{runTitle(run)}</h1>
					<p>
						<StateBadge state={run.progress.state} /> {reason}
					</p>
				</div>
				<Actions run={run} caller={caller} />
			</div>
			{frozen === null ? null : (
				<p class="notice wait" id="frozen">
					<strong>It cannot be approved now.</strong> {frozen.reason} {frozen.remedy}
				</p>
			)}
			<div class="split">
				<div>
					<section class="card" aria-labelledby="story">
						<h2 id="story">What happened</h2>
						<ol class="timeline">
							{story.flatMap(({ seq, entry }) => {
								const line = storyLine(entry);
								return line === null
									? []
									: [
											<li key={seq}>
												<RichText text={line} />{" "}
												<small>
													<Time at={new Date(entry.atMs)} exact />
												</small>
											</li>,
										];
							})}
						</ol>
					</section>
					{steps === null ? null : (
						<section class="card" aria-labelledby="steps">
							<h2 id="steps">Jobs and steps</h2>
							<p class="lines">
								<RichText text={progressLines(steps)} />
							</p>
						</section>
					)}
					{run.approvalsRequired === 0 && approvals.length === 0 ? null : (
						<section class="card" aria-labelledby="approvals">
							<h2 id="approvals">Approvals</h2>
							<p class="soft">{`${approvals.filter((one) => one.decision === "approved").length} of ${run.approvalsRequired} given`}</p>
							<ul class="plain">
								{approvals.map((one) => (
									<li key={one.person.id}>
										<Badge tone={one.decision === "approved" ? "good" : "bad"}>{one.decision}</Badge> {one.person.name},{" "}
										<Time at={one.at} />
										{one.reason === null ? "" : `: ${one.reason}`}
									</li>
								))}
							</ul>
						</section>
					)}
					<Shown evidence={evidence} isAwaited={isAwaited} />
				</div>
				<aside aria-label="Facts">
					<section class="card" aria-labelledby="facts">
						<h2 id="facts">Facts</h2>
						<dl class="facts">
							<dt>Where</dt>
							<dd>
								<a href={`/projects/${run.project}`}>{run.project}</a>, {run.environment}
							</dd>
							<dt>What</dt>
							<dd>
								{run.type} of <RefCode run={run} />
							</dd>
							<dt>Asked by</dt>
							<dd>
								{run.requestedBy.name}, <Time at={run.createdAt} />
							</dd>
							{run.note === null ? null : [<dt key="n">Why</dt>, <dd key="note">{run.note}</dd>]}
							{run.force === null
								? null
								: [
										<dt key="f">Force</dt>,
										<dd key="force">
											{run.force.reason} (set aside: {run.force.waived.join(", ") || "nothing"})
										</dd>,
									]}
							{Object.entries(run.parameters).map(([name, value]) => [
								<dt key={`${name}-name`}>{name}</dt>,
								<dd key={name}>
									<code>{value}</code>
								</dd>,
							])}
							{run.retryOf === null
								? null
								: [
										<dt key="r">Again</dt>,
										<dd key="retry">
											<RunLink run={{ number: run.retryOf }} />
										</dd>,
									]}
							{run.promotedFrom === null
								? null
								: [
										<dt key="pf">Promoted</dt>,
										<dd key="promoted">
											from <RunLink run={{ number: run.promotedFrom.run }} /> on {run.promotedFrom.environment}
										</dd>,
									]}
							<dt>Evidence</dt>
							<dd>
								<a href={`/runs/${run.number}/evidence.json`}>All of it, in one file</a>
							</dd>
							{page === null
								? null
								: [
										<dt key="p">Pipeline</dt>,
										<dd key="pipeline">
											<SafeLink to={page}>Open it at the provider</SafeLink>
										</dd>,
									]}
						</dl>
					</section>
				</aside>
			</div>
		</div>
	);
}

/** Milliseconds; 0 of a run that goes on. */
function endedFor({ now }: Deps, { progress }: Run): number {
	return "finishedAt" in progress ? now().getTime() - progress.finishedAt.getTime() : 0;
}

/** For whoever decides it stands open; afterwards it is there for those who ask. */
function Shown({ evidence, isAwaited }: { readonly evidence: Evidence | null; readonly isAwaited: boolean }) {
	if (!isAwaited)
		return evidence === null ? null : (
			<details class="card">
				<summary>What the approvers were shown</summary>
				<Blocks blocks={evidenceBlocks(evidence)} />
			</details>
		);
	return (
		<section class="card" aria-labelledby="evidence">
			<h2 id="evidence">What the approvers are shown</h2>
			{evidence === null ? <p class="soft">It is being gathered.</p> : <Blocks blocks={evidenceBlocks(evidence)} />}
		</section>
	);
}
