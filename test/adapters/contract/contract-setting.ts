import { randomUUID } from "node:crypto";
import type { RefKind } from "../../../src/core/run.ts";
import type { CheckState } from "../../../src/core/verdict.ts";
import type { PipelinePort, PipelineProject, PipelineStatus, TriggerRequest } from "../../../src/ports/pipeline.ts";
import { VendorError } from "../../../src/ports/vendor-error.ts";
import type { FakeRequest, Fault } from "../../fakes/provider-server.ts";

/** What the repository of each setting holds, oldest first; each has the one before as its parent. */
export const COMMITS = [
	{ message: "Open the shop", name: "Ada", email: "ada@acme.test" },
	{ message: "Mend the till\n\nIt counted twice.", name: "Ada", email: "ada@acme.test" },
	{ message: "Sell tea", name: "Bob", email: "bob@acme.test" },
] as const;

type Done = void | Promise<void>;

/** A provider with one repository, and a hand on it. */
export interface ContractSetting {
	readonly port: PipelinePort;
	readonly project: PipelineProject;
	/** Of COMMITS: `main` is at the third, the annotated tag `v1.0.0` at the first. */
	readonly shas: readonly [first: string, second: string, third: string];
	/** A well-formed SHA that the repository does not have. */
	readonly goneSha: string;
	branch(name: string, sha: string): Done;
	tag(name: string, sha: string): Done;
	/** How many pipelines were ever started for a run. */
	starts(jobId: string): number;
	/** How the pipeline of a run stands, as the provider's own doing. */
	set(jobId: string, status: PipelineStatus): Done;
	/** Whether the provider was asked to stop it. */
	cancelAsked(jobId: string): boolean;
	/** The next trigger is taken, and its answer is lost. */
	loseAnswer(): Done;
	/** From now on it refuses to start anything. null: it never does. */
	readonly refuse: (() => Done) | null;
	/** What CI says of a commit. null: it has no CI. */
	readonly check: ((sha: string, name: string, state: Exclude<CheckState, "left_out">) => Done) | null;
	/** A job of a run's pipeline. null: it has none to show. */
	readonly step: ((jobId: string, name: string, status: PipelineStatus) => Done) | null;
	/** What the pipeline of a run wrote, once it is over. null: nothing is kept there for us. */
	readonly writeLog: ((jobId: string, lines: readonly string[]) => Done) | null;
	/** The provider speaks HTTP. */
	readonly http: HttpSetting | null;
	close(): Promise<void>;
}

/** What a provider that speaks HTTP can be made to do. */
export interface HttpSetting {
	readonly url: string;
	readonly token: string;
	/** `METHOD /path` of the request that starts a pipeline. */
	readonly triggering: RegExp;
	readonly requests: readonly FakeRequest[];
	/** The next `times` requests that fit go wrong. */
	fault(on: RegExp, fault: Fault, times?: number): void;
	/** Another port at the same provider. */
	connect(more: { readonly baseUrl?: string; readonly token?: string; readonly withinMs?: number }): PipelinePort;
	/** Repositories that are no address of the provider's. */
	readonly malformed: readonly string[];
}

export function requestTo(
	{ project, shas }: Pick<ContractSetting, "project" | "shas">,
	more: { kind?: RefKind; name?: string; sha?: string; parameters?: Record<string, string> } = {},
): TriggerRequest {
	const { kind = "branch", name = "main", sha = shas[2], parameters = {} } = more;
	return {
		project,
		ref: { name, kind, sha },
		variables: { ...parameters, JOB_ID: randomUUID(), ENV: "stage", REF: name, SHA: sha, TYPE: "deploy" },
		timeoutSeconds: 3_600,
		labels: [],
	};
}

/** The VendorError that a call ends in. */
export async function errorOf(call: Promise<unknown>): Promise<VendorError> {
	try {
		await call;
	} catch (error) {
		if (error instanceof VendorError) return error;
		throw error;
	}
	throw new Error("it did not fail");
}
