import { Sentence } from "../sentence.ts";
import { IntegrationTable } from "../store/entities.ts";
import { type Cli, type ExitCode, withStore } from "./cli.ts";
import { examineIntegration } from "./examine-integration.ts";
import { printFinding, printSummary } from "./print-findings.ts";

export interface CheckOptions {
	readonly fix: boolean;
	readonly json: boolean;
}

/** `draven integration check <slug>`: what `draven doctor` looks at, of one integration; `--fix` sets its webhooks up. */
export async function checkIntegrationCommand(cli: Cli, slug: string, options: CheckOptions): Promise<ExitCode> {
	return withStore<ExitCode>(cli, async (store, { publicUrl }) => {
		const all = await store.db.getRepository(IntegrationTable).find({ order: { slug: "ASC" } });
		const row = all.find((one) => one.slug === slug);
		if (row === undefined)
			throw new Sentence(
				all.length === 0
					? `There is no integration "${slug}", and no other one: add it in draven.yaml and run \`draven apply\`.`
					: `There is no integration "${slug}"; there are ${all.map((one) => one.slug).join(", ")}.`,
			);
		const findings = await examineIntegration({ store, now: cli.now, publicUrl }, row, options);
		if (!options.json) for (const finding of findings) printFinding(cli, finding);
		return printSummary(cli, findings, options);
	});
}
