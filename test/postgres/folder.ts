import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";

const STARTER = fileURLToPath(new URL("./starter.js", import.meta.url));

/** What a process said of its start. */
export type Said = { readonly url: string } | { readonly refused: string } | "died";

export interface Starting {
	readonly process: ChildProcess;
	readonly said: Promise<Said>;
	/** Ends with all that it said, one JSON a line, and its exit code. */
	readonly ended: Promise<{ readonly lines: readonly string[]; readonly code: number | null }>;
	/** Lets it end in order. */
	end(): Promise<void>;
	kill(): Promise<void>;
}

/** A data folder of a test, and the processes that were started on it. */
export class Folder {
	readonly dataDir: string;
	readonly #parent: string;
	readonly #children: ChildProcess[] = [];
	/** Where Postgres keeps its files, once it was seen. */
	#pgdata: string | null = null;

	private constructor(parent: string) {
		this.#parent = parent;
		this.dataDir = join(parent, "data");
	}

	static async make(): Promise<Folder> {
		const parent = await mkdtemp(join(tmpdir(), "draven-pg-"));
		// As /srv or /opt are: others may pass.
		await chmod(parent, 0o755);
		return new Folder(parent);
	}

	get parent(): string {
		return this.#parent;
	}

	start(use: "server" | "command" = "server"): Starting {
		const child = spawn(process.execPath, [STARTER, this.dataDir, use], { stdio: ["pipe", "pipe", "inherit"] });
		this.#children.push(child);
		const exited = once(child, "exit");
		const lines = createInterface({ input: child.stdout });
		const all: string[] = [];
		lines.on("line", (text) => all.push(text));
		const line = once(lines, "line").then(([text]) => JSON.parse(String(text)) as Exclude<Said, "died">);
		return {
			process: child,
			said: Promise.race([line, exited.then((): Said => "died")]),
			ended: once(child, "close").then(() => ({ lines: all, code: child.exitCode })),
			async end() {
				child.stdin.end();
				await exited;
			},
			async kill() {
				child.kill("SIGKILL");
				await exited;
			},
		};
	}

	/** Starts a server that has to come up. */
	async server(): Promise<{ starting: Starting; url: string }> {
		const starting = this.start();
		const url = urlOf(await starting.said);
		await this.pgdata(url);
		return { starting, url };
	}

	async pgdata(url: string): Promise<string> {
		const [row] = await query(url, "SHOW data_directory");
		this.#pgdata = String(row?.["data_directory"]);
		return this.#pgdata;
	}

	/** The process of Postgres itself. */
	async postmaster(): Promise<number | null> {
		const text = await readFile(join(this.#pgdata ?? "", "postmaster.pid"), "utf8").catch(() => "");
		return Number(text.split("\n")[0]) || null;
	}

	/** Nothing runs on it any more; its data stay. */
	async quiet(): Promise<void> {
		for (const child of this.#children.splice(0)) child.kill("SIGKILL");
		const pid = await this.postmaster();
		if (pid !== null && (await commandOf(pid)).includes(this.#pgdata ?? "nothing")) {
			process.kill(pid, "SIGQUIT");
			while ((await commandOf(pid)) !== "") await new Promise((resolve) => setTimeout(resolve, 10));
		}
	}

	async remove(): Promise<void> {
		await this.quiet();
		if (this.#pgdata !== null) await rm(dirname(this.#pgdata), { recursive: true, force: true });
		await rm(this.#parent, { recursive: true, force: true });
	}
}

export function urlOf(said: Said): string {
	if (said === "died" || "refused" in said) throw new Error(`it did not start: ${JSON.stringify(said)}`);
	return said.url;
}

export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
	const client = new pg.Client({ connectionString: url });
	client.on("error", () => {});
	await client.connect();
	try {
		return (await client.query(text)).rows;
	} finally {
		await client.end();
	}
}

/** Empty when there is no such process any more. */
export async function commandOf(pid: number): Promise<string> {
	return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
}
