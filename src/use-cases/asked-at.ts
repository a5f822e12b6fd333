import { writeToken } from "../core/tokenize.ts";
import type { RunAsked } from "./request-run.ts";

/** What was asked for, in the words of the chat, at another ref: a button never does more than its person asked for. */
export function askedAt(asked: RunAsked, ref: string): string {
	const { project, environment } = asked.place;
	const parameters = Object.entries(asked.parameters).map(([key, value]) =>
		writeToken({ text: `${key}=${value}`, quoted: false }),
	);
	const at = `${project.slug}@${ref}`;
	if (asked.explain) return ["explain", at, environment.slug, ...parameters].join(" ");
	const flags = [
		...(asked.type === "dry-run" ? ["--dry-run"] : []),
		...(asked.force === null ? [] : ["--force", writeToken({ text: asked.force, quoted: true })]),
		...(asked.note === null ? [] : ["--reason", writeToken({ text: asked.note, quoted: true })]),
	];
	const what =
		asked.type === "rollback"
			? ["rollback", project.slug, environment.slug, "to", ref]
			: ["deploy", at, "to", environment.slug];
	return [...what, ...parameters, ...flags].join(" ");
}
