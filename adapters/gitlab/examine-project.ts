import { z } from "zod";
import { type ExaminedProject, type Finding, fine, type WantedWebhook, wrong } from "../../src/ports/checkup.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { webhookFinding } from "../http/webhook-finding.ts";
import { absentIsNull, type Call, readAnswer } from "./client.ts";
import { isDisabled, pointsAt, problemOf, readHooks } from "./hooks.ts";
import { fileProblems } from "./pipeline-file.ts";
import { projectPath } from "./project-path.ts";
import type { Mode } from "./trigger.ts";

const access = z.object({ access_level: z.number() }).nullish().catch(null);
const ProjectAnswer = z.object({
	path_with_namespace: z.string(),
	archived: z.boolean().nullish(),
	ci_config_path: z.string().nullish().catch(null),
	ci_pipeline_variables_minimum_override_role: z.string().nullish().catch(null),
	permissions: z.object({ project_access: access, group_access: access }).nullish().catch(null),
});
type ProjectAnswer = z.infer<typeof ProjectAnswer>;

const DEVELOPER = 30;
const FIX = "`draven integration check --fix` sets it up; by hand: docs/gitlab.md, with the secret of the integration.";

/** One project at GitLab, its pipeline file at the default ref, and its webhook. */
export async function examineProject(
	call: Call,
	project: ExaminedProject,
	{ mode, webhook: wanted }: { readonly mode: Mode; readonly webhook: WantedWebhook },
): Promise<Finding[]> {
	const check = `Project ${project.slug}`;
	const reachedCheck = `${check}: project ${project.repository}`;
	try {
		const what = `the project ${project.repository}`;
		const found = readAnswer(ProjectAnswer, await call("GET", projectPath(project), { what }), what);
		return [
			reached(reachedCheck, project, found),
			variables(`${check}: mode`, mode, found),
			await file(call, project, `${check}: pipeline file`, mode, found),
			await webhook(call, project, `${check}: webhook`, wanted),
		];
	} catch (error) {
		return [refused(reachedCheck, error)];
	}
}

function refused(check: string, error: unknown): Finding {
	if (!(error instanceof VendorError)) throw error;
	const mend = error.passing
		? "Try again in a minute."
		: "Correct the project's repository, or give the token access to it.";
	return wrong(check, error.message, mend);
}

function reached(check: string, project: ExaminedProject, found: ProjectAnswer): Finding {
	const { path_with_namespace: path, archived, permissions } = found;
	if (archived === true) return wrong(check, "it is archived, and no pipeline runs there", "Unarchive it at GitLab.");
	if (path.toLowerCase() !== project.repository.toLowerCase())
		return wrong(
			check,
			`it is called ${path} by now, and webhooks name it so`,
			`Write repository: ${path} in draven.yaml.`,
		);
	const levels = [permissions?.project_access, permissions?.group_access].flatMap((one) => one?.access_level ?? []);
	if (levels.length > 0 && Math.max(...levels) < DEVELOPER)
		return wrong(
			check,
			"the token's role may not start pipelines",
			"Make a token with the role Developer, or Maintainer where branches or tags are protected.",
		);
	return fine(check, "it can be reached");
}

function variables(check: string, mode: Mode, found: ProjectAnswer): Finding {
	const role = found.ci_pipeline_variables_minimum_override_role ?? null;
	if (mode === "inputs") return fine(check, "values go as inputs");
	if (role === "no_one_allowed")
		return wrong(
			check,
			"the project lets nobody set pipeline variables (ci_pipeline_variables_minimum_override_role)",
			"Write mode: inputs in draven.yaml and use manifests/pipelines/gitlab/.gitlab-ci-inputs.yml, or allow it at GitLab (Settings > CI/CD > Variables).",
		);
	return fine(check, `values go as variables${role === null ? "" : `, which takes the role ${role}`}`);
}

async function file(
	call: Call,
	project: ExaminedProject,
	check: string,
	mode: Mode,
	{ ci_config_path }: ProjectAnswer,
): Promise<Finding> {
	const path = ci_config_path == null || ci_config_path === "" ? ".gitlab-ci.yml" : ci_config_path;
	if (/[@:]/.test(path)) return fine(check, `it is kept elsewhere (${path.slice(0, 80)}), and was not looked at`);
	const ready = `The ready file is manifests/pipelines/gitlab/.gitlab-ci${mode === "inputs" ? "-inputs" : ""}.yml: put it there.`;
	const what = `${path} at ${project.defaultRef} of ${project.repository}`;
	try {
		const answer = await call("GET", `${projectPath(project)}/repository/files/${encodeURIComponent(path)}/raw`, {
			...{ what, text: true, refused: absentIsNull },
			query: { ref: project.defaultRef },
		});
		if (typeof answer.data !== "string") return wrong(check, `there is no ${path} at ${project.defaultRef}`, ready);
		const problems = fileProblems(answer.data, mode);
		return problems.length === 0
			? fine(check, `${path} at ${project.defaultRef} takes what DRAVEN sends`)
			: wrong(check, `${path} at ${project.defaultRef}: ${problems.join("; ")}`, ready);
	} catch (error) {
		return refused(check, error);
	}
}

async function webhook(
	call: Call,
	project: ExaminedProject,
	check: string,
	{ url, secret }: WantedWebhook,
): Promise<Finding> {
	let disabled = false;
	const read = async () => {
		const hooks = await readHooks(call, project);
		disabled = hooks.some((hook) => pointsAt(hook, url) && isDisabled(hook));
		return hooks.map((hook) => ({
			...{ url: hook.url ?? "", ours: pointsAt(hook, url), problem: problemOf(hook, secret) },
		}));
	};
	const found = await webhookFinding(check, url, read, {
		good: "there is one for Pipeline and Job events",
		fix: FIX,
		blind: {
			found: "the token may not see whether there is one",
			mend: "Look in the project's settings, under Webhooks. A group's webhook does as well.",
		},
	});
	if (!disabled) return found;
	return wrong(
		check,
		"GitLab has switched it off, because its deliveries failed",
		"Send a test from its settings at GitLab, which says why they fail and switches it on again.",
	);
}
