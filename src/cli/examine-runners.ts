import type { Store } from "../open-store.ts";
import { type Finding, fine, wrong } from "../ports/checkup.ts";
import { EnvironmentTable, type IntegrationRow, PolicyTable, ProjectTable } from "../store/entities.ts";
import { type RunnerSeen, runnersSeen } from "../store/runner-queue.ts";
import { readPolicy } from "../use-cases/catalog.ts";

const RUNNER_MAY_BE_SILENT_MS = 2 * 60_000;

/** Whether runners wait for the work of an integration, also for that of each environment, and whether its policy lets any through. */
export async function examineRunners({ db }: Pick<Store, "db">, row: IntegrationRow): Promise<Finding[]> {
	const check = `Integration ${row.slug}`;
	const runners = await runnersSeen(db, row.id);
	const alive = runners.filter(({ silentMs }) => silentMs < RUNNER_MAY_BE_SILENT_MS);
	const findings = [
		alive.length > 0
			? fine(check, `runners that wait for work: ${alive.map((one) => one.name).join(", ")}`)
			: nobodyAsks(check, runners[0]),
	];
	const policies = await db.getRepository(PolicyTable).find();
	const projects = await db
		.getRepository(ProjectTable)
		.find({ where: { integrationId: row.id }, order: { slug: "ASC" } });
	for (const project of projects.filter(({ archivedAt }) => archivedAt === null)) {
		const environments = await db
			.getRepository(EnvironmentTable)
			.find({ where: { projectId: project.id }, order: { position: "ASC", slug: "ASC" } });
		for (const { slug, labels, policy: name } of environments.filter(({ archivedAt }) => archivedAt === null)) {
			const subject = `Environment ${project.slug}/${slug}`;
			if (alive.length > 0 && !alive.some((one) => labels.every((label) => one.labels.includes(label))))
				findings.push(noneFits(subject, labels, alive));
			const read = readPolicy(name, policies);
			if (read.ok && read.policy.ci.mode !== "off") findings.push(noChecks(subject, name));
		}
	}
	return findings;
}

function nobodyAsks(check: string, last: RunnerSeen | undefined): Finding {
	return wrong(
		check,
		last === undefined
			? "no runner has ever asked for work"
			: `no runner asks for work; the last one was ${last.name} at ${last.seenAt.toISOString()}`,
		"Start one: draven token create --runner --name <name>, and then draven runner --url <this server>.",
	);
}

function noneFits(subject: string, labels: readonly string[], alive: readonly RunnerSeen[]): Finding {
	const carried = alive.map((one) => `${one.name} (${one.labels.length === 0 ? "no labels" : one.labels.join(", ")})`);
	return wrong(
		subject,
		`it asks for the labels ${labels.join(", ")}, and no runner that asks for work carries them all: ${carried.join(", ")}`,
		`Start a runner with --labels ${labels.join(",")}, or correct the labels of the environment.`,
	);
}

function noChecks(subject: string, policy: string): Finding {
	return wrong(
		subject,
		`its policy ${policy} wants green checks, and a project of runners has none: every deploy is refused`,
		"Say rules: { ci: { mode: off } } in a policy of its own that extends this one.",
	);
}
