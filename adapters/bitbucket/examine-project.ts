import { z } from "zod";
import { type ExaminedProject, type Finding, fine, type WantedWebhook, wrong } from "../../src/ports/checkup.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { webhookFinding } from "../http/webhook-finding.ts";
import { type Answer, absentIsNull, type Call, readAnswer } from "./client.ts";
import { pointsAt, problemOf, readHooks } from "./hooks.ts";
import { fileProblems } from "./pipelines-file.ts";
import { repositoryPath } from "./repository.ts";
import { resolveRef } from "./resolve-ref.ts";

const RepositoryAnswer = z.object({ full_name: z.string() });
const Config = z.object({ enabled: z.boolean() });
const FIX =
	"`draven integration check --fix` sets it up; by hand: docs/bitbucket.md, with the secret of the integration.";

/** What was found of one project; `answer`: of its repository, whose headers tell of the token. null: there was none. */
export interface Examined {
	readonly findings: readonly Finding[];
	readonly answer: Answer | null;
}

/** The repository of one project, whether Pipelines is on, its custom pipeline at the default ref, its checks and its webhook. */
export async function examineProject(call: Call, project: ExaminedProject, wanted: WantedWebhook): Promise<Examined> {
	const check = `Project ${project.slug}`;
	try {
		const repository = repositoryPath(project);
		const what = `the repository ${project.repository}`;
		const answer = await call("GET", repository, { what });
		const { full_name } = readAnswer(RepositoryAnswer, answer, what);
		return {
			answer,
			findings: [
				reached(`${check}: repository ${project.repository}`, project, full_name),
				await told(`${check}: Pipelines`, () => enabled(call, repository, project, `${check}: Pipelines`)),
				await told(`${check}: custom pipeline ${project.pipeline}`, (name) => file(call, repository, project, name)),
				await webhook(call, project, `${check}: webhook`, wanted),
			],
		};
	} catch (error) {
		return { answer: null, findings: [refused(`${check}: repository ${project.repository}`, error)] };
	}
}

/** A refusal of Bitbucket's as a finding. */
async function told(check: string, look: (check: string) => Promise<Finding>): Promise<Finding> {
	try {
		return await look(check);
	} catch (error) {
		return refused(check, error);
	}
}

function refused(check: string, error: unknown): Finding {
	if (!(error instanceof VendorError)) throw error;
	return wrong(
		check,
		error.message,
		error.passing
			? "Try again in a minute."
			: "Correct the project's repository, or give the token access to it with the scopes of docs/bitbucket.md.",
	);
}

function reached(check: string, project: ExaminedProject, name: string): Finding {
	return name.toLowerCase() === project.repository.toLowerCase()
		? fine(check, "it can be reached")
		: wrong(check, `it is called ${name} by now, and webhooks name it so`, `Write repository: ${name} in draven.yaml.`);
}

async function enabled(call: Call, repository: string, project: ExaminedProject, check: string): Promise<Finding> {
	const what = `the settings of Pipelines of ${project.repository}`;
	const answer = await call("GET", `${repository}/pipelines_config`, { what, refused: absentIsNull });
	const isOn = answer.data !== null && readAnswer(Config, answer, what).enabled;
	return isOn
		? fine(check, "Pipelines is enabled")
		: wrong(check, "Pipelines is not enabled", "Enable it in the repository's settings, under Pipelines.");
}

async function file(call: Call, repository: string, project: ExaminedProject, check: string): Promise<Finding> {
	const ready =
		"The ready file is manifests/pipelines/bitbucket/bitbucket-pipelines.yml: put its custom pipeline into yours.";
	const ref = await resolveRef(call, project, project.defaultRef);
	if (ref === null)
		return wrong(check, `there is no ${project.defaultRef} to read it at`, "Correct the project's defaultRef.");
	const what = `bitbucket-pipelines.yml at ${project.defaultRef} of ${project.repository}`;
	const answer = await call("GET", `${repository}/src/${ref.sha}/bitbucket-pipelines.yml`, {
		what,
		headers: { accept: "*/*" },
		refused: absentIsNull,
	});
	if (typeof answer.data !== "string")
		return wrong(check, `there is no bitbucket-pipelines.yml at ${project.defaultRef}`, ready);
	const problems = fileProblems(answer.data, project.pipeline);
	return problems.length === 0
		? fine(check, `it is in bitbucket-pipelines.yml at ${project.defaultRef}, with the five variables`)
		: wrong(check, `bitbucket-pipelines.yml at ${project.defaultRef}: ${problems.join("; ")}`, ready);
}

function webhook(call: Call, project: ExaminedProject, check: string, { url }: WantedWebhook): Promise<Finding> {
	const read = async () =>
		(await readHooks(call, project)).map((hook) => ({
			...{ url: hook.url ?? "", ours: pointsAt(hook, url), problem: problemOf(hook) },
		}));
	return webhookFinding(check, url, read, {
		good: "there is one for build statuses",
		fix: FIX,
		blind: {
			found: "the token may not see whether there is one",
			mend: "Look in the repository's settings, under Webhooks. A workspace's webhook does as well.",
		},
	});
}
