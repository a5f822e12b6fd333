import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/main.js", import.meta.url));

export type Variables = Readonly<Record<string, string>>;

export interface Ended {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** The command line as a process of its own, with no variables but those given (and what a shell needs). */
function start(args: readonly string[], variables: Variables): ChildProcess {
	return spawn(process.execPath, [MAIN, ...args], {
		env: { PATH: process.env["PATH"], HOME: process.env["HOME"], LOG_FORMAT: "json", ...variables },
		stdio: ["pipe", "pipe", "pipe"],
	});
}

/** Runs `draven …` to its end. */
export async function draven(args: readonly string[], variables: Variables, input = ""): Promise<Ended> {
	const child = start(args, variables);
	const output = { stdout: "", stderr: "" };
	child.stdout?.on("data", (chunk) => {
		output.stdout += chunk;
	});
	child.stderr?.on("data", (chunk) => {
		output.stderr += chunk;
	});
	child.stdin?.end(input);
	const [code] = (await once(child, "close")) as [number | null];
	return { code, ...output };
}

export interface Server {
	readonly url: string;
	/** All that it printed. */
	readonly output: () => string;
	readonly process: ChildProcess;
	/** In order, as SIGTERM does; gives the exit code. */
	stop(): Promise<number | null>;
	/** As the kernel or a power cut does. */
	kill(): Promise<void>;
}

/** `draven serve` (or another long-running command) on a free port; resolves when it says that it is ready. */
export async function startServer(variables: Variables, args: readonly string[] = ["serve"]): Promise<Server> {
	const child = start(args, { PORT: "0", ...variables });
	let output = "";
	const closed = once(child, "close");
	await new Promise<void>((resolve, reject) => {
		const take = (chunk: unknown) => {
			output += chunk;
			if (output.includes("DRAVEN is ready")) resolve();
		};
		child.stdout?.on("data", take);
		child.stderr?.on("data", take);
		child.once("close", () => reject(new Error(`it did not start:\n${output}`)));
	});
	const end = async (signal: NodeJS.Signals): Promise<number | null> => {
		if (child.exitCode === null && child.signalCode === null) child.kill(signal);
		const [code] = (await closed) as [number | null];
		return code;
	};
	return {
		url: /Listening +(http\S+)/.exec(output)?.[1] ?? "",
		output: () => output,
		process: child,
		stop: () => end("SIGTERM"),
		kill: async () => void (await end("SIGKILL")),
	};
}
