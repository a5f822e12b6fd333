import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { text } from "node:stream/consumers";
import { parse } from "yaml";
import { ApplyRefused, applyDocument } from "../configuration/apply.ts";
import { readDocument } from "../configuration/document.ts";
import { exportDocument } from "../configuration/export.ts";
import { planLines } from "../configuration/plan-lines.ts";
import { describeProblem } from "../configuration/problem.ts";
import type { Actor } from "../core/audit-entry.ts";
import { CallIsOff, Sentence } from "../sentence.ts";
import type { Sql } from "../store/runs.ts";
import { type Cli, type ExitCode, printJson, withStore } from "./cli.ts";

export interface ApplyOptions {
	readonly file: string;
	readonly prune: boolean;
	readonly dryRun: boolean;
	readonly json: boolean;
}

/** Whoever may run commands on the server's machine; the name of the account is all that is known of them. */
export function terminalActor(): Actor {
	return { id: null, name: accountName(), via: "cli" };
}

function accountName(): string {
	try {
		return userInfo().username;
	} catch {
		return "terminal";
	}
}

/** `draven apply -f draven.yaml`: the plan first, then all of it or nothing. */
export async function applyCommand(cli: Cli, { file, prune, dryRun, json }: ApplyOptions): Promise<ExitCode> {
	const source = await readSource(file);
	return withStore<ExitCode>(cli, async (store, config) => {
		const refuse = (problems: readonly string[]): ExitCode => {
			if (!json) throw new Sentence(`${file} was not applied; nothing was changed:\n${bullets(problems)}`);
			printJson(cli, { applied: false, problems });
			return 1;
		};
		const read = readDocument(source, { variable: config.variable });
		if (!read.ok) return refuse(read.problems.map(describeProblem));
		const options = { prune, actor: terminalActor(), managedBy: "file" } as const;
		const target = { ...store, now: cli.now };
		try {
			const plan = await applyDocument(target, read.document, { ...options, dryRun: true });
			if (!json) cli.print(`${planLines(plan).join("\n")}\n`);
			if (dryRun || plan.changes.length === 0) {
				if (json) printJson(cli, { applied: false, ...plan });
				return 0;
			}
			const done = await applyDocument(target, read.document, { ...options, dryRun: false });
			if (json) printJson(cli, { applied: true, ...done });
			else cli.print("Applied.\n");
			return 0;
		} catch (error) {
			if (!(error instanceof ApplyRefused)) throw error;
			return refuse(error.problems);
		}
	});
}

async function readSource(file: string): Promise<string> {
	try {
		return await (file === "-" ? text(process.stdin) : readFile(file, "utf8"));
	} catch (error) {
		throw new CallIsOff(
			`${file} cannot be read (${(error as NodeJS.ErrnoException).code}): name a draven.yaml with -f.`,
		);
	}
}

function bullets(lines: readonly string[]): string {
	return lines.map((line) => `  ${line}`).join("\n");
}

/** `draven export`; JSON is YAML too, so either can be applied. */
export async function exportCommand(cli: Cli, options: { readonly json: boolean }): Promise<ExitCode> {
	return withStore<ExitCode>(cli, async (store) => {
		const yaml = await exportDocument(store);
		if (await hasSample(store.db)) cli.tell("The sample of local mode is not part of it.\n");
		if (options.json) printJson(cli, parse(yaml));
		else cli.print(yaml);
		return 0;
	});
}

async function hasSample(sql: Sql): Promise<boolean> {
	const rows: unknown[] = await sql.query(
		"SELECT 1 FROM project WHERE managed_by = 'sample' AND archived_at IS NULL LIMIT 1",
	);
	return rows.length > 0;
}
