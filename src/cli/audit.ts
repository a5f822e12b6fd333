import { readAudit, verifyAudit } from "../store/audit.ts";
import { type Cli, type ExitCode, printJson, withStore } from "./cli.ts";

/** `draven audit verify`: 1 when anything was changed, removed or added behind the application's back. */
export async function verifyCommand(cli: Cli, options: { readonly json: boolean }): Promise<ExitCode> {
	return withStore<ExitCode>(cli, async (store, config) => {
		const report = await verifyAudit(store, config.dataDir);
		const good = report.findings.length === 0;
		if (options.json) printJson(cli, { ok: good, ...report });
		else {
			const checkpoints =
				report.checkpoints === null ? "no checkpoints yet" : counted(report.checkpoints, "checkpoint");
			const seen = `${counted(report.rows, "entry", "entries")} in ${counted(report.chains, "chain")}, ${checkpoints}`;
			if (good) cli.print(`The audit trail is whole: ${seen}.\n`);
			else {
				cli.print(`The audit trail was tampered with (${seen}):\n`);
				for (const { chain, seq, problem, detail } of report.findings)
					cli.print(`  ${chain === "" ? "" : `chain ${chain}, row ${seq}, `}${problem}: ${detail}\n`);
				cli.print("Compare with a backup from before; the entries around those rows say what was going on.\n");
			}
		}
		return good ? 0 : 1;
	});
}

function counted(n: number, one: string, more = `${one}s`): string {
	return `${n} ${n === 1 ? one : more}`;
}

export interface ExportAuditOptions {
	readonly project?: string;
	readonly environment?: string;
	readonly since?: Date;
}

/** `draven audit export`: one JSON object a line, oldest first. */
export async function exportAuditCommand(cli: Cli, options: ExportAuditOptions): Promise<ExitCode> {
	const { project, environment, since } = options;
	const filter = {
		...(project === undefined ? {} : { project }),
		...(environment === undefined ? {} : { environment }),
		...(since === undefined ? {} : { since }),
	};
	return withStore<ExitCode>(cli, async (store) => {
		for await (const { atMs, ...line } of readAudit(store.db, filter))
			cli.print(`${JSON.stringify({ at: new Date(atMs).toISOString(), ...line })}\n`);
		return 0;
	});
}
