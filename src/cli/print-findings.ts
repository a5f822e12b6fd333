import type { Finding } from "../ports/checkup.ts";
import { type Cli, type ExitCode, printJson } from "./cli.ts";

const MARKS: Record<Finding["state"], string> = { ok: "ok     ", warning: "warning", wrong: "WRONG  " };

export function printFinding(cli: Cli, finding: Finding): void {
	cli.print(`${MARKS[finding.state]}  ${finding.check}: ${finding.found}\n`);
	if (finding.mend !== null) cli.print(`         ${finding.mend}\n`);
}

/** The last word of a check-up, or all of it as JSON; 1 when something is wrong. */
export function printSummary(cli: Cli, findings: readonly Finding[], options: { readonly json: boolean }): ExitCode {
	const bad = findings.filter((finding) => finding.state === "wrong").length;
	if (options.json) printJson(cli, { ok: bad === 0, findings });
	else cli.print(bad === 0 ? "\nNothing is wrong.\n" : `\n${bad} to mend.\n`);
	return bad === 0 ? 0 : 1;
}
