import { examineOpenId } from "../../adapters/openid/examine.ts";
import { readConfig } from "../config.ts";
import { openStore, StoreError } from "../open-store.ts";
import type { Finding } from "../ports/checkup.ts";
import { wrong } from "../ports/checkup.ts";
import { backOf } from "../web/pages/openid-connect.ts";
import { type Cli, type ExitCode, MIGRATED_ALREADY } from "./cli.ts";
import { examineConfiguration, examineDatabase, examineSlackApp, examineWaiting, examineWork } from "./examine.ts";
import { examineIntegrations } from "./examine-integration.ts";
import { examineSlackChannels } from "./examine-slack-channels.ts";
import { examineTeamsApp, examineTeamsPlaces } from "./examine-teams.ts";
import { printFinding, printSummary } from "./print-findings.ts";

/** `draven doctor`: looks at everything that DRAVEN needs, and says how to mend what is not right. */
export async function doctorCommand(cli: Cli, options: { readonly json: boolean }): Promise<ExitCode> {
	const findings = await examine(cli, (finding) => {
		if (!options.json) printFinding(cli, finding);
	});
	return printSummary(cli, findings, options);
}

async function examine(cli: Cli, say: (finding: Finding) => void): Promise<Finding[]> {
	const config = readConfig(cli.env);
	const all: Finding[] = [];
	const take = (findings: readonly Finding[]) => {
		for (const finding of findings) {
			all.push(finding);
			say(finding);
		}
	};
	take(examineConfiguration(config));
	take(await examineSlackApp(config));
	take(await examineTeamsApp(config));
	if (config.oidc !== null) take(await examineOpenId(config.oidc, backOf(config.publicUrl)));
	try {
		const store = await openStore(config, "command", () => cli.tell(MIGRATED_ALREADY));
		try {
			take(await examineDatabase(store, cli.now));
			take(await examineIntegrations({ store, now: cli.now, publicUrl: config.publicUrl }));
			take(await examineWork(store));
			take(await examineWaiting(store));
			take(await examineSlackChannels(config, store));
			take(await examineTeamsPlaces(config, store));
		} finally {
			await store.close();
		}
	} catch (error) {
		if (!(error instanceof StoreError)) throw error;
		take([wrong("Database", error.message, "Everything else that is in the database could not be looked at.")]);
	}
	return all;
}
