import { GitLabPipeline } from "../../../adapters/gitlab/pipeline.ts";
import type { RefKind } from "../../../src/core/run.ts";
import type { PipelineProject, PipelineReport, TriggerRequest } from "../../../src/ports/pipeline.ts";
import type { FakeGitLabPipeline, FakeProject } from "../../fakes/gitlab/project.ts";
import { FakeGitLab } from "../../fakes/gitlab.ts";
import { shaOf } from "../../fakes/sha-of.ts";
import { requestTo } from "../contract/contract-setting.ts";

export const SHA = { one: shaOf("one"), two: shaOf("two"), three: shaOf("three") } as const;

/** acme/web with a main and a tag, at a GitLab that answers. */
export class Setting {
	readonly gitlab: FakeGitLab;
	readonly shop: FakeProject;
	readonly pipeline: GitLabPipeline;
	readonly project: PipelineProject = { repository: "acme/web", pipeline: "", defaultRef: "main" };

	private constructor(gitlab: FakeGitLab) {
		this.gitlab = gitlab;
		this.shop = gitlab.project("acme/web");
		this.shop.branch("main", SHA.two);
		this.shop.tag("v1.0.0", SHA.one);
		this.pipeline = this.connect();
	}

	static async open(): Promise<Setting> {
		return new Setting(await FakeGitLab.open());
	}

	connect(more: { baseUrl?: string; token?: string; mode?: "variables" | "inputs" } = {}): GitLabPipeline {
		return new GitLabPipeline({ baseUrl: this.gitlab.url, token: this.gitlab.token, mode: "variables", ...more });
	}

	request(
		more: { kind?: RefKind; name?: string; sha?: string; parameters?: Record<string, string> } = {},
	): TriggerRequest {
		return requestTo({ project: this.project, shas: [SHA.one, SHA.three, SHA.two] }, more);
	}

	/** A pipeline that was started, and GitLab's own record of it. */
	async started(): Promise<{ report: PipelineReport; run: FakeGitLabPipeline }> {
		const request = this.request();
		const report = await this.pipeline.trigger(request);
		if (report === null) throw new Error("there was no id in the answer");
		return { report, run: this.shop.runOf(request.variables.JOB_ID) };
	}

	/** Every start that arrived, as it was sent. */
	starts(): unknown[] {
		return this.gitlab.asked(/^POST .*\/pipeline$/).map(({ body }) => body);
	}

	async close(): Promise<void> {
		await this.gitlab.close();
	}
}
