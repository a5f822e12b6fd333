import { readConfig } from "../config.ts";
import { openStore, StoreError } from "../open-store.ts";
import type { Finding } from "../ports/checkup.ts";
import { wrong } from "../ports/checkup.ts";
import { type Cli, type ExitCode, printJson } from "./cli.ts";
import { examineConfiguration, examineDatabase, examineIntegrations, examineSlackApp, examineWork } from "./examine.ts";
import { examineSlackChannels } from "./examine-slack-channels.ts";

const MARKS: Record<Finding["state"], string> = { ok: "ok     ", warning: "warning", wrong: "WRONG  " };

/** `draven doctor`: looks at everything that DRAVEN needs, and says how to mend what is not right. */
export async function doctorCommand(cli: Cli, options: { readonly json: boolean }): Promise<ExitCode> {
	const findings = await examine(cli, (finding) => {
		if (options.json) return;
		cli.print(`${MARKS[finding.state]}  ${finding.check}: ${finding.found}\n`);
		if (finding.mend !== null) cli.print(`         ${finding.mend}\n`);
	});
	const bad = findings.filter((finding) => finding.state === "wrong").length;
	if (options.json) printJson(cli, { ok: bad === 0, findings });
	else cli.print(bad === 0 ? "\nNothing is wrong.\n" : `\n${bad} to mend.\n`);
	return bad === 0 ? 0 : 1;
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
	try {
		const store = await openStore(config, "command");
		try {
			take(await examineDatabase(store, cli.now));
			take(await examineIntegrations(store, cli.now()));
			take(await examineWork(store));
			take(await examineSlackChannels(config, store));
		} finally {
			await store.close();
		}
	} catch (error) {
		if (!(error instanceof StoreError)) throw error;
		take([wrong("Database", error.message, "Everything else that is in the database could not be looked at.")]);
	}
	return all;
}
