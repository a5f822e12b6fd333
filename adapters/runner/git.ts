import { VendorError, type VendorErrorKind } from "../../src/ports/vendor-error.ts";
import { runGroup } from "./process-group.ts";
import { type Repository, withoutUserinfo } from "./repository.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface GitCall {
	/** The environment of the process, of which git sees the few names that it needs. */
	readonly env: Environment;
	/** null: the call stays on this disk. */
	readonly repository: Repository | null;
	readonly cwd?: string;
	readonly input?: string;
	readonly timeoutMs: number;
	readonly signal?: AbortSignal;
	/** Most that it may print. */
	readonly maxBytes?: number;
}

/** git said no. The message is a sentence without secrets. */
export class GitError extends VendorError {
	/** The end of what it printed, without secrets. */
	readonly stderr: string;

	constructor(kind: VendorErrorKind, message: string, stderr: string) {
		super(kind, message);
		this.name = "GitError";
		this.stderr = stderr;
	}
}

/** What git and ssh need to reach a repository the way their operator set it up. */
const PASSED = [
	...["PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO"],
	...["SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "no_proxy"],
];

/** No hooks of the user's, no housekeeping that outlives the call. */
const SETTINGS = ["core.hooksPath=/dev/null", "gc.auto=0", "maintenance.auto=false", "advice.detachedHead=false"];

const STDERR_KEPT = 4_096;

/** Runs git and gives what it printed. Throws GitError alone. Arguments that come from outside stand behind `--`. */
export async function git(args: readonly string[], call: GitCall): Promise<string> {
	const name = args[0] ?? "";
	const limit = call.maxBytes ?? 1_000_000;
	const timeout = AbortSignal.timeout(call.timeoutMs);
	const tooMuch = new AbortController();
	const printed: Buffer[] = [];
	let size = 0;
	let stderr = "";
	const end = await runGroup({
		file: "git",
		args: [...SETTINGS.flatMap((setting) => ["-c", setting]), ...args],
		cwd: call.cwd,
		env: environmentFor(call),
		...(call.input === undefined ? {} : { input: call.input }),
		onStdout: (chunk) => {
			size += chunk.length;
			if (size > limit) tooMuch.abort();
			else printed.push(chunk);
		},
		onStderr: (chunk) => {
			stderr = (stderr + chunk.toString("utf8")).slice(-STDERR_KEPT);
		},
		stop: AbortSignal.any([timeout, tooMuch.signal, ...(call.signal ? [call.signal] : [])]),
		graceMs: () => 1_000,
		watchdog: null,
	}).catch((error: NodeJS.ErrnoException) => {
		throw new GitError("rejected", `git could not be started (${error.code ?? "unknown"}): install it.`, "");
	});
	if (end.code === 0 && size <= limit) return Buffer.concat(printed).toString("utf8");
	if (tooMuch.signal.aborted) throw new GitError("rejected", `git ${name} printed more than ${limit} bytes.`, "");
	const where = call.repository === null ? "" : ` of ${call.repository.shown}`;
	if (timeout.aborted)
		throw new GitError("unavailable", `git ${name}${where} took longer than ${call.timeoutMs / 1_000} s.`, "");
	const said = withoutSecrets(stderr, call.repository);
	throw new GitError(kindOf(said), `git ${name}${where} failed: ${lastWords(said)}`, said);
}

function environmentFor(call: GitCall): Record<string, string> {
	const passed = PASSED.flatMap((name) => (call.env[name] === undefined ? [] : [[name, call.env[name]] as const]));
	return {
		GIT_SSH_COMMAND: "ssh -oBatchMode=yes",
		...Object.fromEntries(passed),
		LC_ALL: "C",
		GIT_CONFIG_NOSYSTEM: "1",
		GIT_TERMINAL_PROMPT: "0",
		GIT_ALLOW_PROTOCOL: call.repository?.protocols ?? "file",
	};
}

function kindOf(stderr: string): VendorErrorKind {
	if (/authentication failed|could not read (username|password)|permission denied|host key|403/i.test(stderr))
		return "unauthorized";
	if (/not found|does not exist|does not appear to be a git repository|not our ref/i.test(stderr)) return "not_found";
	if (/could not resolve|connect|timed out|unable to access|hung up|early eof/i.test(stderr)) return "unavailable";
	return "rejected";
}

function withoutSecrets(text: string, repository: Repository | null): string {
	const password = repository && URL.canParse(repository.url) ? new URL(repository.url).password : "";
	const plain = withoutUserinfo(text);
	return password === "" ? plain : plain.replaceAll(password, "***").replaceAll(decoded(password), "***");
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** The first line that git marks as the cause, as one sentence. */
function lastWords(stderr: string): string {
	const lines = stderr.split(/[\r\n]+/).filter((line) => line.trim() !== "");
	const line =
		lines.find((each) => /^(fatal|error|remote error|ERROR):/.test(each)) ?? lines.at(-1) ?? "no reason given";
	return `${line
		.replace(/^(fatal|error|ERROR): /, "")
		.trim()
		.slice(0, 300)
		.replace(/\.$/, "")}.`;
}
