import { openSecrets } from "../configuration/integrations.ts";
import { isLoopbackHost } from "../core/base-url.ts";
import { makeCheckup } from "../make-checkup.ts";
import type { Store } from "../open-store.ts";
import {
	type CheckupPort,
	type ExaminedProject,
	type Finding,
	fine,
	type WantedWebhook,
	warning,
	wrong,
} from "../ports/checkup.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { type IntegrationRow, IntegrationTable, ProjectTable } from "../store/entities.ts";
import { countRecentWebhooks } from "../store/gauges.ts";
import { examineRunners } from "./examine-runners.ts";
import { whereMade } from "./where-made.ts";

export interface Surroundings {
	readonly store: Pick<Store, "db" | "box">;
	readonly now: () => Date;
	readonly publicUrl: string;
}

export async function examineIntegrations(around: Surroundings): Promise<Finding[]> {
	const rows = await around.store.db.getRepository(IntegrationTable).find({ order: { slug: "ASC" } });
	if (rows.length === 0)
		return [warning("Pipelines", "there is no integration", "Add one in draven.yaml and run `draven apply`.")];
	const findings: Finding[] = [];
	for (const row of rows) findings.push(...(await examineIntegration(around, row, { fix: false })));
	return findings;
}

/** Looks at one integration and its projects. `fix`: makes sure of their webhooks first, and says what it did. */
export async function examineIntegration(
	around: Surroundings,
	row: IntegrationRow,
	options: { readonly fix: boolean },
): Promise<Finding[]> {
	return (await lookAt(around, row, options)).map((finding) => whereMade(row, finding));
}

async function lookAt(
	around: Surroundings,
	row: IntegrationRow,
	{ fix }: { readonly fix: boolean },
): Promise<Finding[]> {
	const { store, now, publicUrl } = around;
	const name = `Integration ${row.slug}`;
	let checkup: CheckupPort | null;
	let secret: string | null;
	try {
		secret = openSecrets(store.box, row).webhookSecret ?? null;
	} catch (error) {
		return [wrong(name, (error as Error).message, "Set DRAVEN_SECRET_KEY to the key that sealed them.")];
	}
	try {
		checkup = makeCheckup(store.box, row, now);
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return [wrong(name, error.message, "Correct it in draven.yaml and run `draven apply`.")];
	}
	if (checkup === null) return examineRunners(store, row);
	const all = await store.db.getRepository(ProjectTable).find({
		where: { integrationId: row.id },
		order: { slug: "ASC" },
	});
	const projects = all.filter((project) => project.archivedAt === null);
	const webhook = { url: `${publicUrl}/webhooks/${row.provider}/${row.slug}`, secret };
	return [
		...(fix ? await fixWebhooks(checkup, row, projects, webhook) : []),
		...(await checkup.examine(projects, webhook)),
		await examineWebhooks(store, row, webhook),
	];
}

async function fixWebhooks(
	checkup: CheckupPort,
	row: IntegrationRow,
	projects: readonly ExaminedProject[],
	{ url, secret }: WantedWebhook,
): Promise<Finding[]> {
	const check = `Integration ${row.slug}: fix`;
	if (secret === null)
		return [
			wrong(
				check,
				"it has no webhookSecret, and a webhook without one is refused",
				"Set webhookSecret in draven.yaml (openssl rand -hex 32 makes one), run `draven apply`, and then this again.",
			),
		];
	const isNear = (address: string) => isLoopbackHost(new URL(address).hostname);
	if (isNear(url) && !(row.baseUrl !== null && isNear(row.baseUrl)))
		return [
			wrong(
				check,
				`PUBLIC_URL leads to ${url}, which only this machine can reach`,
				"Set PUBLIC_URL, and run this again.",
			),
		];
	const findings: Finding[] = [];
	for (const project of projects) {
		const subject = `Project ${project.slug}: fix of the webhook`;
		try {
			const done = await checkup.ensureWebhook(project, { url, secret });
			findings.push(fine(subject, DONE[done]));
		} catch (error) {
			if (!(error instanceof VendorError)) throw error;
			const mend = error.passing
				? "Try again in a minute."
				: `Grant that and run this again, or add by hand a webhook to ${url} with the secret of the integration.`;
			findings.push(wrong(subject, error.message, mend));
		}
	}
	return findings;
}

const DONE = {
	present: "it was there already",
	created: "it was not there and was created",
	mended: "it was there and was set right",
} as const;

async function examineWebhooks(
	store: Pick<Store, "db">,
	row: IntegrationRow,
	{ url, secret }: WantedWebhook,
): Promise<Finding> {
	const check = `Integration ${row.slug}: webhooks`;
	if (secret === null)
		return warning(
			check,
			"it has no webhookSecret, so every delivery is refused and runs are only polled",
			`Set webhookSecret in draven.yaml, run \`draven apply\`, and then \`draven integration check ${row.slug} --fix\`.`,
		);
	const count = await countRecentWebhooks(store.db, row.id);
	return count > 0
		? fine(check, `${count} taken within the last days`)
		: warning(
				check,
				"none was ever taken",
				`\`draven integration check ${row.slug} --fix\` sets up a webhook to ${url}; until then runs are polled.`,
			);
}
