import { expect } from "@jest/globals";
import type { Run, RunState } from "../../src/core/run.ts";
import { makeHandlers } from "../../src/jobs/handlers.ts";
import { carryOut } from "../../src/jobs/worker.ts";
import type { Answer } from "../../src/ports/front.ts";
import type { PipelineStatus } from "../../src/ports/pipeline.ts";
import { claim } from "../../src/store/jobs.ts";
import type { TriggerFault } from "../fakes/pipeline.ts";
import type { World } from "../support/world.ts";
import { followsFrom, mayChange, mayDispatch } from "./may-change.ts";
import {
	type Env,
	type Expected,
	expectCancel,
	expectDecision,
	expectLock,
	expectUnlock,
	LIMIT,
	lockAt,
	type Model,
	type ModelRun,
	moved,
	nextInLine,
	OPERATORS,
	over,
	queued,
} from "./model.ts";
import { deadlineOf, settle } from "./settle.ts";

export type Action =
	| { readonly do: "request"; readonly user: string; readonly tag: string; readonly env: Env }
	| { readonly do: "decide"; readonly user: string; readonly run: number; readonly verb: "approve" | "reject" }
	| { readonly do: "cancel" | "retry"; readonly user: string; readonly run: number }
	| { readonly do: "rollback" | "unlock"; readonly user: string; readonly env: Env }
	| {
			readonly do: "lock";
			readonly user: string;
			readonly env: Env;
			readonly minutes: number | null;
			readonly steal: boolean;
	  }
	| { readonly do: "move tag"; readonly tag: string; readonly sha: string }
	| { readonly do: "provider says"; readonly run: number; readonly status: PipelineStatus; readonly times: number }
	| { readonly do: "fault"; readonly fault: TriggerFault }
	/** One or two workers do one due job each, whichever. */
	| { readonly do: "jobs"; readonly picks: readonly number[] }
	/** A worker takes a job and dies. */
	| { readonly do: "die"; readonly pick: number }
	| { readonly do: "work" }
	| { readonly do: "pass"; readonly minutes: number };

/** Drives the real main job and the model side by side, and looks after each step whether what changed had to, and might. */
export class Machine {
	readonly #world: World;
	readonly #project: string;
	readonly #model: Model;

	constructor(world: World, project: string) {
		this.#world = world;
		this.#project = project;
		this.#model = {
			runs: [],
			locks: new Map(),
			tags: new Map([...world.pipeline.refs.values()].map((ref) => [ref.name, ref.sha])),
			places: 0,
		};
	}

	get #now(): number {
		return this.#world.now().getTime();
	}

	#pick(index: number): ModelRun | null {
		const { runs } = this.#model;
		return runs.length === 0 ? null : (runs[index % runs.length] ?? null);
	}

	async take(action: Action): Promise<void> {
		const world = this.#world;
		const model = this.#model;
		switch (action.do) {
			case "request":
				return this.#request(action.user, action.env, `${this.#project}@${action.tag} to ${action.env}`, null);
			case "rollback":
				return this.#request(action.user, action.env, `rollback ${this.#project} ${action.env}`, null);
			case "retry": {
				const run = this.#pick(action.run);
				if (run !== null) await this.#request(action.user, run.env, `retry #${run.number}`, run);
				return;
			}
			case "decide": {
				const run = this.#pick(action.run);
				if (run === null) return;
				const expected = expectDecision(model, run, action.user, action.verb, this.#now);
				await this.#told(action.user, `${action.verb} #${run.number}`, run, expected);
				if (expected.code === null) run.decided.set(action.user, action.verb);
				return;
			}
			case "cancel": {
				const run = this.#pick(action.run);
				if (run !== null) await this.#told(action.user, `cancel #${run.number}`, run, expectCancel(run, action.user));
				return;
			}
			case "lock": {
				const { env, user, minutes, steal } = action;
				const expected = expectLock(model, env, user, steal, this.#now);
				const length = minutes === null ? "" : ` for ${minutes}m`;
				await this.#told(
					user,
					`lock ${this.#project} ${env}${length}${steal ? ' --steal "mine now"' : ""}`,
					null,
					expected,
				);
				if (expected.code === null) {
					const before = lockAt(model, env, this.#now);
					const kept = before?.user === user ? before.until : null;
					model.locks.set(env, { user, until: minutes === null ? kept : this.#now + minutes * 60_000 });
				}
				return this.#settle(() => []);
			}
			case "unlock": {
				const { env, user } = action;
				const expected = expectUnlock(model, env, user, this.#now);
				await this.#told(user, `unlock ${this.#project} ${env}`, null, expected);
				if (expected.code === null && lockAt(model, env, this.#now) !== null) model.locks.delete(env);
				return this.#settle(() => []);
			}
			case "move tag":
				world.pipeline.tag(action.tag, action.sha);
				model.tags.set(action.tag, action.sha);
				return;
			case "fault":
				world.pipeline.faults.push(action.fault);
				return;
			case "provider says":
				return this.#providerSays(action.run, action.status, action.times);
			case "jobs":
				await this.#work(action.picks);
				return;
			case "die": {
				const due = await claim(world.deps.db, 1 + (action.pick % 3), 30_000, world.now());
				expect(due.length).toBeLessThanOrEqual(3);
				return;
			}
			case "work":
				for (let n = 0; n < 300; n++) if (!(await this.#work([0]))) return;
				throw new Error("work does not come to an end");
			case "pass":
				world.sleep(action.minutes * 60_000);
				return;
			default:
				return action satisfies never;
		}
	}

	async #told(user: string, text: string, run: ModelRun | null, expected: Expected): Promise<void> {
		const answer = await this.#world.say(user, text);
		expect({ text, user, code: answer.code }).toEqual({ text, user, code: expected.code });
		await this.#settle((one) => (one === run && expected.state !== undefined ? [expected.state] : []), false);
		if (run !== null && expected.state !== undefined)
			expect({ text, user, state: run.state }).toEqual({ text, user, state: expected.state });
	}

	async #request(user: string, env: Env, text: string, retried: ModelRun | null): Promise<void> {
		const answer = await this.#world.say(user, text);
		const model = this.#model;
		const said = { user, text, code: answer.code };
		const rollback = text.startsWith("rollback") || retried?.type === "rollback";
		if (retried !== null && !over(retried)) return expect(said).toEqual({ ...said, code: "not_over_yet" });
		if (!OPERATORS.includes(user)) return expect(said).toEqual({ ...said, code: "no_right" });
		if (retried !== null && moved(model, retried)) return expect(said).toEqual({ ...said, code: "ref_moved" });
		if (answer.code === "nothing_to_roll_back_to") return expect(rollback).toBe(true);
		if (queued(model, env).length >= LIMIT) return expect(said).toEqual({ ...said, code: "queue_full" });
		expect(said).toEqual({ ...said, code: null });
		await this.#welcome(answer, user, env, retried, rollback);
	}

	async #welcome(answer: Answer, user: string, env: Env, retried: ModelRun | null, rollback: boolean): Promise<void> {
		const run = await this.#world.runOf(answer);
		const model = this.#model;
		const open = model.runs.find((one) => retried !== null && one.retryOf === retried.number && !over(one));
		if (open !== undefined) return expect(run.number).toBe(open.number);
		const required = env === "production" && !rollback ? 2 : 0;
		expect(run).toMatchObject({
			type: rollback ? "rollback" : "deploy",
			environment: env,
			approvalsRequired: required,
		});
		expect(run.requestedBy.name).toBe(user);
		if (rollback) this.#expectGoesBack(run, env);
		else expect(run.ref.sha).toBe(model.tags.get(run.ref.name));
		const state: RunState = required > 0 ? "waiting_approval" : "queued";
		expect(run.progress.state).toBe(state);
		model.runs.push({
			...{ number: run.number, user, env, type: run.type, tag: run.ref.name, sha: run.ref.sha, required, state },
			...{ retryOf: retried?.number ?? null, decided: new Map(), deadline: deadlineOf(run) },
			place: state === "queued" ? model.places++ : null,
		});
	}

	/** To something that succeeded there and is not what is live. */
	#expectGoesBack(run: Run, env: Env): void {
		const good = this.#model.runs.filter((one) => one.env === env && one.state === "succeeded");
		expect(good.map((one) => one.sha)).toContain(run.ref.sha);
		if (run.retryOf === null) expect(run.ref.sha).not.toBe(good.at(-1)?.sha);
	}

	async #providerSays(index: number, status: PipelineStatus, times: number): Promise<void> {
		const run = this.#pick(index);
		if (run === null) return;
		const { id } = await this.#world.run(run.number);
		if (this.#world.pipeline.startsOf(id) === 0) return;
		const at = this.#world.pipeline.runOf(id);
		// What is over there stays over there; older news may still come late.
		const isOver = ["succeeded", "failed", "cancelled", "timed_out"].includes(at.status);
		const report = isOver
			? { ...this.#world.pipeline.set(id, at.status, at.reason), status }
			: this.#world.pipeline.set(id, status);
		if (isOver && ["succeeded", "failed", "cancelled", "timed_out"].includes(status)) return;
		await Promise.all(Array.from({ length: times }, () => this.#world.hear(report)));
		await this.#settle((one) => (one === run ? followsFrom(status) : []));
	}

	/** False: nothing was due. */
	async #work(picks: readonly number[]): Promise<boolean> {
		const world = this.#world;
		const handlers = makeHandlers(world.deps, {
			slackIn: async () => {},
			apologise: async () => {},
			teamsIn: async () => {},
			writeCheckpoint: async () => {},
		});
		// A lease of no time: what is not picked stays due, as if its worker had died.
		const due = await claim(world.deps.db, picks.length === 1 && picks[0] === 0 ? 1 : 50, 0, world.now());
		if (due.length === 0) return false;
		const chosen = [...new Set(picks.map((pick) => due[pick % due.length]))].filter((job) => job !== undefined);
		const next = new Map(
			(["stage", "production"] as const).map((env) => [env, nextInLine(this.#model, env, this.#now)]),
		);
		await Promise.all(chosen.map((job) => carryOut(world.deps, handlers, job)));
		const statuses = new Map(world.pipeline.runs.map((run) => [run.jobId, run.status]));
		const kinds = chosen.map((job) => ({ kind: job.kind, runId: job.runId }));
		await this.#settle((run, actual) =>
			kinds.flatMap(({ kind, runId }) =>
				kind === "dispatch"
					? mayDispatch(this.#model, run, next.get(run.env) ?? null, this.#now)
					: runId === actual.id
						? mayChange(kind, run, statuses.get(actual.id) ?? null, this.#now)
						: [],
			),
		);
		const [only] = chosen;
		if (chosen.length === 1 && only?.kind === "dispatch") this.#expectDispatched(only.payload);
		return true;
	}

	/** The provider answers here, so nobody who may go is left standing. */
	#expectDispatched(payload: unknown): void {
		const { environmentId } = payload as { environmentId: string };
		for (const env of ["stage", "production"] as const)
			if (this.#world.environment(env).id === environmentId)
				expect(nextInLine(this.#model, env, this.#now)?.number ?? null).toBeNull();
	}

	#settle(may: (run: ModelRun, actual: Run) => readonly RunState[], withLocks = true): Promise<void> {
		return settle({ world: this.#world, project: this.#project, model: this.#model }, may, withLocks);
	}

	/** Everything is left to go on by itself: every run comes to an end, and every environment is free. */
	async comesToRest(): Promise<void> {
		const world = this.#world;
		world.pipeline.faults = [];
		for (let n = 0; n < 60 && this.#model.runs.some((run) => !over(run)); n++) {
			for (const env of ["stage", "production"] as const) await this.take({ do: "unlock", user: "U_ADA", env });
			await this.take({ do: "work" });
			for (const [index] of this.#model.runs.entries()) await this.#providerSays(index, "succeeded", 1);
			await this.take({ do: "pass", minutes: n < 10 ? 1 : 60 });
			await this.take({ do: "work" });
		}
		expect(this.#model.runs.filter((run) => !over(run))).toEqual([]);
	}
}
