import { z } from "zod";
import { type ExaminedProject, type Finding, fine, type WantedWebhook, wrong } from "../../src/ports/checkup.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { webhookFinding } from "../http/webhook-finding.ts";
import { type Call, readAnswer } from "./client.ts";
import { type Repository, repositoryOf } from "./repository.ts";
import { pointsAt, problemOf, readHooks } from "./repository-hooks.ts";
import { workflowProblems } from "./workflow-problems.ts";

const RepositoryAnswer = z.object({
	full_name: z.string(),
	default_branch: z.string(),
	archived: z.boolean().optional(),
	permissions: z.object({ push: z.boolean() }).optional(),
});
const Content = z.object({ content: z.string(), encoding: z.literal("base64") });
const FIX = "`draven integration check --fix` sets it up; by hand: docs/github.md, with the secret of the integration.";

/** The repository of one project, its workflow, what the credentials may read there, and its webhook unless null. */
export async function examineRepository(
	call: Call,
	project: ExaminedProject,
	{ isApp, webhook: wanted }: { readonly isApp: boolean; readonly webhook: WantedWebhook | null },
): Promise<Finding[]> {
	const check = `Project ${project.slug}`;
	try {
		const repository = repositoryOf(project);
		const what = `the repository ${project.repository}`;
		const found = readAnswer(
			RepositoryAnswer,
			await call("GET /repos/{owner}/{repo}", { ...repository }, { what }),
			what,
		);
		return [
			reached(`${check}: repository ${project.repository}`, project, found, isApp),
			await workflow(call, repository, project, `${check}: workflow ${project.pipeline}`),
			await reading(call, repository, project, found.default_branch, `${check}: checks`),
			...(wanted === null ? [] : [await webhook(call, project, `${check}: webhook`, wanted)]),
		];
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		const mend = error.passing
			? "Try again in a minute."
			: "Correct the project's repository, or give the credentials access to it.";
		return [wrong(`${check}: repository ${project.repository}`, error.message, mend)];
	}
}

function reached(
	check: string,
	project: ExaminedProject,
	found: z.infer<typeof RepositoryAnswer>,
	isApp: boolean,
): Finding {
	if (found.archived === true)
		return wrong(check, "it is archived, and no workflow runs there", "Unarchive it at GitHub.");
	if (found.full_name.toLowerCase() !== project.repository.toLowerCase())
		return wrong(
			check,
			`it is called ${found.full_name} by now, and webhooks name it so`,
			`Write repository: ${found.full_name} in draven.yaml.`,
		);
	if (!isApp && found.permissions?.push === false)
		return wrong(check, "the token may only read it", "Give the token's owner write access: a dispatch needs it.");
	return fine(check, "it can be reached");
}

async function workflow(call: Call, repository: Repository, project: ExaminedProject, check: string): Promise<Finding> {
	const path = `.github/workflows/${project.pipeline}`;
	const what = `${path} on the default branch of ${project.repository}`;
	const mend = "The ready file is manifests/pipelines/github/deploy.yml: put it there, on the default branch.";
	try {
		const answer = await call(
			"GET /repos/{owner}/{repo}/contents/.github/workflows/{file}",
			{ ...repository, file: project.pipeline },
			{ what },
		);
		const { content } = readAnswer(Content, answer, what);
		const problems = workflowProblems(Buffer.from(content, "base64").toString("utf8"));
		return problems.length === 0
			? fine(check, "it can be dispatched, takes the five inputs and carries the JOB_ID in its run-name")
			: wrong(check, problems.join("; "), mend);
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return wrong(check, error.message, error.kind === "not_found" ? mend : "Grant Contents (read).");
	}
}

/** What CI is read from; a fine-grained token says what it lacks only when it is used. */
async function reading(
	call: Call,
	repository: Repository,
	project: ExaminedProject,
	branch: string,
	check: string,
): Promise<Finding> {
	const path = { ...repository, ref: branch, per_page: 1 };
	const file = { ...repository, file: project.pipeline, per_page: 1 };
	const probes: readonly (readonly [permission: string, route: string, parameters: typeof path | typeof file])[] = [
		["Checks (read)", "GET /repos/{owner}/{repo}/commits/{ref}/check-runs", path],
		["Commit statuses (read)", "GET /repos/{owner}/{repo}/commits/{ref}/status", path],
		["Actions (read and write)", "GET /repos/{owner}/{repo}/actions/workflows/{file}/runs", file],
	];
	const missing: string[] = [];
	for (const [permission, route, parameters] of probes)
		try {
			// A 404 is told by the finding on the workflow.
			await call(route, parameters, {
				what: project.repository,
				refused: ({ status, headers }) => (status === 404 ? { status, headers, data: null } : undefined),
			});
		} catch (error) {
			if (!(error instanceof VendorError)) throw error;
			if (error.kind !== "unauthorized") return wrong(check, error.message, "Try again in a minute.");
			missing.push(permission);
		}
	return missing.length === 0
		? fine(check, "check runs, statuses and workflow runs can be read")
		: wrong(check, `the credentials lack ${missing.join(", ")}`, "Grant that, and run `draven doctor` again.");
}

function webhook(call: Call, project: ExaminedProject, check: string, { url }: WantedWebhook): Promise<Finding> {
	const read = async () =>
		(await readHooks(call, project)).map((hook) => ({
			...{ url: hook.config.url ?? "", ours: pointsAt(hook, url), problem: problemOf(hook) },
		}));
	return webhookFinding(check, url, read, {
		good: "there is one for Workflow runs, and it is signed",
		fix: FIX,
		blind: {
			found: "the credentials may not see whether there is one",
			mend: "Look in the repository's settings, under Webhooks. An organisation's webhook does as well.",
		},
	});
}
