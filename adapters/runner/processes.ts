import { readdirSync, readFileSync } from "node:fs";

/** In a container without an init nobody reaps orphans, and signals find their zombies for ever. */
export function onlyZombies(group: number): boolean {
	return process.platform === "linux" && pids().every((pid) => groupOf(pid) !== group || isZombie(pid));
}

/** Processes of this user that were started with this entry in their environment, however they were started. Linux alone tells. */
export function markedProcesses(entry: string): number[] {
	if (process.platform !== "linux") return [];
	// Of zombies it is empty, of other users' it cannot be read.
	return pids().filter((pid) => read(pid, "environ").split("\0").includes(entry));
}

export function groupOf(pid: number): number {
	return Number(statOf(pid)[2]);
}

function isZombie(pid: number): boolean {
	const [state] = statOf(pid);
	return state === "Z" || state === "X";
}

function pids(): number[] {
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.map(Number);
}

/** State, parent, group …: what stands after the command's name, which may hold anything. */
function statOf(pid: number): string[] {
	const stat = read(pid, "stat");
	return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function read(pid: number, file: "stat" | "environ"): string {
	try {
		return readFileSync(`/proc/${pid}/${file}`, "latin1");
	} catch {
		return "";
	}
}
