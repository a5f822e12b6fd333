import { randomUUID } from "node:crypto";
import { type Action, may } from "../../core/access.ts";
import type { Evidence } from "../../core/evidence.ts";
import { externalOf, isEnd, type Run } from "../../core/run.ts";
import type { RuleOutcome, Verdict } from "../../core/verdict.ts";
import type { Deps } from "../../deps.ts";
import { approvalsOf } from "../../store/approvals.ts";
import { storyOf } from "../../store/audit-pages.ts";
import { linesFrom } from "../../store/run-log.ts";
import { evidenceOf, runById, verdictOf } from "../../store/runs.ts";
import { retryRun } from "../../use-cases/answer-request.ts";
import { cancelRun } from "../../use-cases/cancel-run.ts";
import { placeById } from "../../use-cases/catalog.ts";
import { decideRun } from "../../use-cases/decide-run.ts";
import type { Caller } from "../../use-cases/identify.ts";
import { requestRun } from "../../use-cases/request-run.ts";
import { evidenceBlocks } from "../../words/evidence-words.ts";
import { runTitle } from "../../words/run-card.ts";
import { storyLine } from "../../words/story-line.ts";
import { findRun } from "../api/find-run.ts";
import { Badge, RefCode, RichText, RunLink, SafeLink, StateBadge, Time } from "./bits.tsx";
import { missing } from "./board.tsx";
import { Blocks } from "./cards.tsx";
import { Form } from "./layout.tsx";
import { Log, logQuery } from "./log.tsx";
import { Line } from "./log-lines.tsx";
import { doneAt, type PageCall, type PageReply, type PageRoute, refusedAt } from "./page.tsx";

const STORY = 500;
/** Lines of a log at once. */
const OLDER = 1_000;

/** One run: all that happened to it, and what can be done with it, with the same rights as in chat. */
export const runPages: readonly PageRoute[] = [
	{ method: "GET", path: "/runs/:run", handle: show },
	{
		method: "GET",
		path: "/runs/:run/live",
		handle: onRun(async ({ deps, caller }, run) => ({ kind: "part", content: await Live(deps, caller, run) })),
	},
	{ method: "GET", path: "/runs/:run/log/lines", handle: onRun(olderLines) },
	{ method: "POST", path: "/runs/:run/approve", handle: onRun((call, run) => decide(call, run, "approved")) },
	{ method: "POST", path: "/runs/:run/reject", handle: onRun((call, run) => decide(call, run, "rejected")) },
	{
		method: "POST",
		path: "/runs/:run/cancel",
		handle: onRun(async (call, run) => {
			const outcome = await cancelRun(call.deps, call.caller, run, reasonIn(call));
			return outcome.ok ? doneAt(at(run), `#${run.number} is being cancelled.`) : refusedAt(at(run), outcome.refusal);
		}),
	},
	{ method: "POST", path: "/runs/:run/retry", handle: onRun(retry) },
	{ method: "POST", path: "/runs/:run/rollback", handle: onRun(rollBack) },
];

const at = ({ number }: Pick<Run, "number">) => `/runs/${number}`;

function onRun(handle: (call: PageCall, run: Run) => Promise<PageReply>) {
	return async (call: PageCall): Promise<PageReply> => {
		const name = call.params["run"] ?? "";
		const found = await findRun(call.deps, name);
		return found.ok ? handle(call, found.value) : missing(`#${name}`);
	};
}

function reasonIn({ form }: PageCall): string | null {
	const reason = (form["reason"] ?? "").replace(/\s+/g, " ").trim().slice(0, 1_000);
	return reason === "" ? null : reason;
}

async function decide(call: PageCall, run: Run, decision: "approved" | "rejected"): Promise<PageReply> {
	const { deps, caller } = call;
	const outcome = await decideRun(deps, caller, run, decision, reasonIn(call));
	if (!outcome.ok) return refusedAt(at(run), outcome.refusal);
	return doneAt(at(run), decision === "approved" ? "Your approval is recorded." : "It is rejected.");
}

/** A form that is sent twice is one request: its own name, made with the page, says which. */
function deliveryOf({ caller, form }: PageCall, what: string): string {
	return `web:${caller.person.id}:${what}:${(form["once"] ?? "").slice(0, 64)}`;
}

async function retry(call: PageCall, run: Run): Promise<PageReply> {
	const { deps, caller } = call;
	const findThis = async () => ({ ok: true as const, value: run });
	const context = { deps, caller, deliveryKey: deliveryOf(call, `retry:${run.id}`), findRun: findThis };
	const answer = await retryRun(context, run, reasonIn(call));
	const made = answer.runId === null ? null : await runById(deps.db, answer.runId);
	return made === null
		? { kind: "go", to: at(run), said: { kind: "bad", text: answer.card.text } }
		: doneAt(at(made), `It is asked for again, as #${made.number}.`);
}

async function rollBack(call: PageCall, run: Run): Promise<PageReply> {
	const { deps, caller } = call;
	const outcome = await requestRun(deps, {
		...{ caller, place: await placeById(deps.db.manager, run.environmentId), type: "rollback" },
		...{
			ref: null,
			toRun: run.number,
			parameters: {},
			force: null,
			note: reasonIn(call),
			retryOf: null,
			onlySha: null,
		},
		deliveryKey: deliveryOf(call, `rollback:${run.id}`),
	});
	if (!outcome.ok) return refusedAt(at(run), outcome.refusal);
	return doneAt(at(outcome.value), `The rollback to #${run.number} is #${outcome.value.number}.`);
}

/** Lines before those that a page has, for it to put there. */
async function olderLines({ deps, query }: PageCall, run: Run): Promise<PageReply> {
	const before = logQuery({ from: query["before"] ?? "" }).from ?? 0;
	const from = Math.max(0, before - OLDER);
	const lines = await linesFrom(deps.db, run.id, from, before - from);
	return {
		kind: "part",
		content: (
			<>
				{lines.map((line) => (
					<Line key={line.n} line={line} />
				))}
			</>
		),
	};
}

async function show(call: PageCall): Promise<PageReply> {
	return onRun(async ({ deps, caller, query }, run) => {
		const verdict = await verdictOf(deps.db, run.id);
		const content = (
			<>
				{await Live(deps, caller, run)}
				<div class="split">
					<div>
						<section class="card" aria-labelledby="log-title">
							<h2 id="log-title">Log</h2>
							{await Log(deps, run, logQuery(query))}
						</section>
					</div>
					<aside aria-label="Rules">{verdict === null ? null : <VerdictTree verdict={verdict} />}</aside>
				</div>
			</>
		);
		return { kind: "page", title: runTitle(run), section: "runs", content };
	})(call);
}

/** The part that follows what happens. */
async function Live(deps: Deps, caller: Caller, run: Run) {
	const approvals = await approvalsOf(deps.db, run.id);
	const story = await storyOf(deps.db, run.id, 0, STORY);
	const evidence = await evidenceOf(deps.db, run.id);
	const page = externalOf(run)?.externalUrl ?? null;
	const { progress } = run;
	const isAwaited = progress.state === "waiting_approval";
	const reason = "reason" in progress && progress.state !== "succeeded" ? progress.reason : null;
	return (
		<div
			data-live
			data-chain={run.environmentId}
			hx-get={`${at(run)}/live`}
			// What is gathered for those who decide is in no trail.
			data-ages={isAwaited ? "" : undefined}
			hx-trigger={isAwaited && evidence === null ? "draven:changed, every 5s" : "draven:changed"}
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
													<Time at={new Date(entry.atMs)} />
												</small>
											</li>,
										];
							})}
						</ol>
					</section>
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
								<a href={`${at(run)}/evidence.json`}>All of it, in one file</a>
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

/** What this person may do now. Looking is presentation: the right is checked again with each form. */
function Actions({ run, caller }: { readonly run: Run; readonly caller: Caller }) {
	const { state } = run.progress;
	const scope = { project: run.project, environment: run.environment };
	const able = (action: Action) => may(action, caller.bindings, caller.principal, scope).ok;
	const own = run.requestedBy.id === caller.person.id;
	// A form that is sent twice is one request; the same form on a page that is opened again is another.
	const once = randomUUID();
	const form = (verb: string, label: string, style: string, asks: boolean) => (
		<Form action={`${at(run)}/${verb}`} inline key={verb} id={`to-${verb}`}>
			<input type="hidden" name="once" value={once} />
			{asks ? (
				<label>
					<span class="sr">{`Reason to ${verb}`}</span>
					<input name="reason" placeholder="Reason" maxLength={1_000} class="reason" />
				</label>
			) : null}
			<button class={style} type="submit" aria-label={`${label} #${run.number}`}>
				{label}
			</button>
		</Form>
	);
	const forms = [
		...(state === "waiting_approval" && able("approve") && !own
			? [form("approve", "Approve", "primary", false), form("reject", "Reject", "danger", true)]
			: []),
		...(!isEnd(state) && state !== "cancelling" && (able("cancel_any") || (own && able("cancel_own")))
			? [form("cancel", "Cancel", "", false)]
			: []),
		...(isEnd(state) && able(run.type === "rollback" ? "rollback" : "deploy")
			? [form("retry", "Retry", "", false)]
			: []),
		...(state === "succeeded" && run.type !== "dry-run" && able("rollback")
			? [form("rollback", "Roll back to this", "", false)]
			: []),
	];
	return (
		<div class="buttons" id="actions" data-kept>
			{forms}
		</div>
	);
}

const OUTCOMES: Record<RuleOutcome, { readonly tone: "good" | "bad" | "wait" | ""; readonly word: string }> = {
	holds: { tone: "good", word: "holds" },
	refused: { tone: "bad", word: "refused" },
	waived: { tone: "wait", word: "set aside" },
	not_applicable: { tone: "", word: "not asked for" },
};

function VerdictTree({ verdict }: { readonly verdict: Verdict }) {
	const idle = verdict.rules.filter((rule) => rule.outcome === "not_applicable");
	return (
		<section class="card" aria-labelledby="verdict">
			<h2 id="verdict">What its policy said</h2>
			<ul class="plain">
				{verdict.rules
					.filter((rule) => !idle.includes(rule))
					.map((rule) => (
						<Rule key={rule.rule} rule={rule} />
					))}
			</ul>
			{idle.length === 0 ? null : (
				<details>
					<summary>{`${idle.length} rules that it does not ask for`}</summary>
					<ul class="plain">
						{idle.map((rule) => (
							<Rule key={rule.rule} rule={rule} />
						))}
					</ul>
				</details>
			)}
		</section>
	);
}

function Rule({ rule: { rule, outcome, reason, remedy, children } }: { readonly rule: Verdict["rules"][number] }) {
	return (
		<li>
			<strong>{rule}</strong> <Badge tone={OUTCOMES[outcome].tone}>{OUTCOMES[outcome].word}</Badge>
			<br />
			<small>
				{reason} {remedy}
			</small>
			{children.length === 0 ? null : (
				<details>
					<summary>{`${children.length} looked at`}</summary>
					<ul>
						{children.map((child) => (
							<li key={child.name}>
								{child.holds ? "✓" : "✕"} {child.name}: {child.reason}
							</li>
						))}
					</ul>
				</details>
			)}
		</li>
	);
}
