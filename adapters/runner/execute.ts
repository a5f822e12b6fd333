import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Finish, Work } from "../../src/ports/runner-protocol.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { checkOut, findEntrypoint } from "./checkout.ts";
import type { Environment } from "./git.ts";
import { LineSplitter } from "./line-splitter.ts";
import { type GroupEnd, runGroup } from "./process-group.ts";
import { withoutUserinfo } from "./repository.ts";
import type { StopReason, StopSwitch } from "./stop-switch.ts";
import type { WorkFolder } from "./work-folder.ts";

export interface ExecuteOptions {
	readonly workFolder: WorkFolder;
	/** HOME of the work. */
	readonly home: string;
	/** The runner's own environment: git sees a few names of it, the work sees PATH. */
	readonly env: Environment;
	readonly graceMs: number;
	readonly stop: StopSwitch;
	/** Takes each line that the work prints. */
	readonly line: (line: string) => void;
	readonly log: Logger;
}

export type Outcome = Pick<Finish, "outcome" | "reason">;

/** Letters of the last line that are told. */
const LONGEST_LINE = 300;
/** Timers cannot be set further ahead. */
const LONGEST_MS = 2 ** 31 - 1;
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Names by which a parameter would change how programs are found and loaded instead of what they are told. */
const RESERVED =
	/^(PATH|HOME|LANG|LC_.*|TMPDIR|IFS|BASH_ENV|SHELLOPTS|BASHOPTS|PS4|LD_.*|DYLD_.*|GIT_.*|SSH_.*|NODE_OPTIONS)$/;

/** Carries out one piece of work in a fresh checkout and says how it ended. Throws nothing. */
export async function execute(work: Work, options: ExecuteOptions): Promise<Outcome> {
	const { stop, log } = options;
	const timeoutMs = Math.min(work.timeoutSeconds * 1_000, LONGEST_MS);
	const timer = setTimeout(() => stop.pull("timed_out"), timeoutMs);
	const last = { line: "" };
	let folder: string | null = null;
	try {
		folder = await options.workFolder.makeFolder(work.jobId);
		const end = await checkOutAndRun(work, folder, timeoutMs, options, last);
		return stop.reason === null ? outcomeOf(work, end, last.line) : outcomeOfStop(work, stop.reason);
	} catch (error) {
		if (stop.reason !== null) return outcomeOfStop(work, stop.reason);
		if (!(error instanceof VendorError)) log.error({ err: error, jobId: work.jobId }, "Work could not be started");
		return failed(error instanceof VendorError ? error.message : `The runner could not start the work: ${said(error)}`);
	} finally {
		clearTimeout(timer);
		if (folder !== null) await options.workFolder.removeFolder(folder);
	}
}

async function checkOutAndRun(
	work: Work,
	folder: string,
	timeoutMs: number,
	options: ExecuteOptions,
	last: { line: string },
): Promise<GroupEnd | null> {
	const { stop, env, home } = options;
	const checkout = join(folder, "checkout");
	const temporary = join(folder, "tmp");
	const variables = checkedVariables(work.variables);
	await mkdir(checkout, { mode: 0o700 });
	await mkdir(temporary, { mode: 0o700 });
	await checkOut(work.repository, work.sha, { env, folder: checkout, timeoutMs, signal: stop.signal });
	const file = await findEntrypoint(checkout, work.entrypoint);
	options.line(`Checked out ${work.sha} of ${withoutUserinfo(work.repository)}.`);
	if (stop.signal.aborted) return null;
	const splitters = [0, 1].map(
		() =>
			new LineSplitter((line) => {
				if (line.trim() !== "") last.line = line;
				options.line(line);
			}),
	) as [LineSplitter, LineSplitter];
	const end = await runGroup({
		file,
		args: [],
		cwd: checkout,
		env: { PATH: env["PATH"] ?? DEFAULT_PATH, HOME: home, LANG: "C.UTF-8", TMPDIR: temporary, ...variables },
		onStdout: (chunk) => splitters[0].push(chunk),
		onStderr: (chunk) => splitters[1].push(chunk),
		stop: stop.signal,
		graceMs: () => options.graceMs,
		watchdog: "/bin/sh",
		marker: `TMPDIR=${temporary}`,
	});
	for (const splitter of splitters) splitter.close();
	return end;
}

function checkedVariables(variables: Work["variables"]): Work["variables"] {
	for (const [name, value] of Object.entries(variables)) {
		if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || RESERVED.test(name) || value.includes("\0"))
			throw new VendorError(
				"rejected",
				`The parameter ${name} cannot be a variable of the work: give it another name.`,
			);
	}
	return variables;
}

function outcomeOf(work: Work, end: GroupEnd | null, lastLine: string): Outcome {
	if (end?.code === 0) return { outcome: "succeeded", reason: null };
	const how = end?.signal ? `was ended by ${end.signal}` : `ended with exit code ${end?.code}`;
	return failed(`${work.entrypoint} ${how}.${lastLine === "" ? "" : ` Its last line: ${shortened(lastLine)}`}`);
}

/** Without a word that the cut goes through: half a secret is not known for one. */
function shortened(line: string): string {
	return line.length <= LONGEST_LINE ? line : `${line.slice(0, LONGEST_LINE).replace(/\S*$/, "")}…`;
}

function outcomeOfStop(work: Work, reason: StopReason): Outcome {
	switch (reason) {
		case "cancelled":
			return { outcome: "cancelled", reason: `${work.entrypoint} was stopped, as asked for.` };
		case "timed_out":
			return {
				outcome: "timed_out",
				reason: `${work.entrypoint} took longer than ${work.timeoutSeconds} s and was stopped.`,
			};
		case "runner_stopped":
			return failed("The runner was stopped.");
		case "lease_lost":
		case "out_of_touch":
			return failed("The runner lost touch with the server, and stopped the work so that it does not live on unseen.");
		default:
			return reason satisfies never;
	}
}

function failed(reason: string): Outcome {
	return { outcome: "failed", reason: reason.length <= 1_000 ? reason : reason.slice(0, 1_000).replace(/\S*$/, "…") };
}

function said(error: unknown): string {
	return error instanceof Error ? error.message : "no reason given";
}
