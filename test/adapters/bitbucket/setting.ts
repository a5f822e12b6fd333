import { BitbucketPipeline } from "../../../adapters/bitbucket/pipeline.ts";
import type { PipelineProject, PipelineReport } from "../../../src/ports/pipeline.ts";
import type { FakePipelineRun, FakeRepository, FakeState } from "../../fakes/bitbucket/state.ts";
import { FakeBitbucket } from "../../fakes/bitbucket.ts";
import { shaOf } from "../../fakes/sha-of.ts";
import { requestTo } from "../contract/contract-setting.ts";

export const SHA = { one: shaOf("one"), two: shaOf("two"), three: shaOf("three") } as const;
export const over = (name: string, more: object = {}): FakeState => ({ name: "COMPLETED", result: { name, ...more } });

/** acme/web with a main and a tag, at a Bitbucket that answers. */
export class Setting {
	readonly bitbucket: FakeBitbucket;
	readonly repository: FakeRepository;
	readonly port: BitbucketPipeline;
	readonly project: PipelineProject = { repository: "acme/web", pipeline: "deploy", defaultRef: "main" };
	readonly shas = [SHA.one, SHA.two, SHA.three] as const;

	private constructor(bitbucket: FakeBitbucket) {
		this.bitbucket = bitbucket;
		this.repository = bitbucket.repository("acme/web");
		this.repository.push(SHA.one, null);
		this.repository.push(SHA.two, SHA.one);
		this.repository.push(SHA.three, SHA.two);
		this.repository.branch("main", SHA.three);
		this.repository.tag("v1.0.0", SHA.one, "The first");
		this.port = this.connect();
	}

	static async open(): Promise<Setting> {
		return new Setting(await FakeBitbucket.open());
	}

	connect(more: { baseUrl?: string; token?: string; now?: () => Date } = {}): BitbucketPipeline {
		return new BitbucketPipeline({ baseUrl: this.bitbucket.url, token: this.bitbucket.token, ...more });
	}

	/** A pipeline that was started for a JOB_ID, as it is told and as it is. */
	async started(more: Parameters<typeof requestTo>[1] = {}): Promise<{ report: PipelineReport; run: FakePipelineRun }> {
		const request = requestTo(this, more);
		const report = await this.port.trigger(request);
		if (report === null) throw new Error("there was no id in the answer");
		return { report, run: this.repository.runOf(request.variables.JOB_ID) };
	}

	async close(): Promise<void> {
		await this.bitbucket.close();
	}
}
