import { randomUUID } from "node:crypto";
import { GitHubPipeline } from "../../../adapters/github/pipeline.ts";
import type { RefKind } from "../../../src/core/run.ts";
import type { PipelineProject, PipelineReport, TriggerRequest } from "../../../src/ports/pipeline.ts";
import { VendorError } from "../../../src/ports/vendor-error.ts";
import type { FakeRepository } from "../../fakes/github/state.ts";
import { FakeGitHub } from "../../fakes/github.ts";
import { shaOf } from "../../fakes/sha-of.ts";

export const SHA = { one: shaOf("one"), two: shaOf("two"), three: shaOf("three") } as const;

/** acme/web with a main and a tag, at a GitHub that answers. */
export class Setting {
	readonly github: FakeGitHub;
	readonly repository: FakeRepository;
	readonly pipeline: GitHubPipeline;
	readonly project: PipelineProject = { repository: "acme/web", pipeline: "deploy.yml", defaultRef: "main" };

	private constructor(github: FakeGitHub) {
		this.github = github;
		this.repository = github.repository("acme/web");
		this.repository.branch("main", SHA.two);
		this.repository.tag("v1.0.0", SHA.one);
		this.repository.workflow("deploy.yml");
		this.pipeline = this.connect();
	}

	static async open(): Promise<Setting> {
		return new Setting(await FakeGitHub.open());
	}

	connect(more: { baseUrl?: string; token?: string; withinMs?: number } = {}): GitHubPipeline {
		return new GitHubPipeline({
			baseUrl: more.baseUrl ?? this.github.url,
			auth: { token: more.token ?? this.github.token },
			...(more.withinMs === undefined ? {} : { withinMs: more.withinMs }),
		});
	}

	connectApp(): GitHubPipeline {
		return new GitHubPipeline({ baseUrl: this.github.url, auth: { app: this.github.app } });
	}

	request(
		more: { kind?: RefKind; name?: string; sha?: string; type?: string; parameters?: Record<string, string> } = {},
	): TriggerRequest {
		const { kind = "branch", name = "main", sha = SHA.two, type = "deploy", parameters = {} } = more;
		return {
			project: this.project,
			ref: { name, kind, sha },
			variables: { ...parameters, JOB_ID: randomUUID(), ENV: "stage", REF: name, SHA: sha, TYPE: type },
			timeoutSeconds: 3_600,
			labels: [],
		};
	}

	/** A run that was dispatched and taken. */
	async dispatched(): Promise<PipelineReport> {
		const report = await this.pipeline.trigger(this.request());
		if (report === null) throw new Error("there was no id in the answer");
		return report;
	}

	/** The fake's own record of a run. */
	runOf(report: PipelineReport) {
		const run = this.repository.runs.find((one) => String(one.id) === report.externalId);
		if (run === undefined) throw new Error(`there is no run ${report.externalId}`);
		return run;
	}

	/** Every dispatch that arrived, as it was sent. */
	dispatches(): unknown[] {
		return this.github.asked(/^POST .*\/dispatches$/).map(({ body }) => body);
	}

	async close(): Promise<void> {
		await this.github.close();
	}
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
