import type { Subject } from "../../../core/access.ts";
import { wordsIn } from "./fields.tsx";

/** Whom a role is given to: a field of the form for each kind. */
export const SUBJECTS = [
	{ kind: "slackGroup", label: "Slack groups", hint: "IDs such as S0123ABCD.", one: "Slack group" },
	{ kind: "slackUser", label: "Slack people", hint: "Member IDs such as U0123ABCD.", one: "Slack person" },
	{ kind: "entraGroup", label: "Entra groups", hint: "Object IDs of security groups.", one: "Entra group" },
	{ kind: "entraUser", label: "Entra people", hint: "Object IDs of people.", one: "Entra person" },
	{ kind: "email", label: "E-mail addresses", hint: "Of accounts that the workspace vouches for.", one: "e-mail" },
	{ kind: "local", label: "Sample people", hint: "Of local mode alone.", one: "sample person" },
] as const;
type SubjectKind = (typeof SUBJECTS)[number]["kind"];

export const subjectField = (kind: SubjectKind) => `subjects.${kind}`;

const named = (subject: Subject, kind: SubjectKind): string | undefined =>
	(subject as Readonly<Partial<Record<SubjectKind, string>>>)[kind];

/** What the fields show of these subjects. */
export function subjectValues(subjects: readonly Subject[]): Record<string, string> {
	return Object.fromEntries(
		SUBJECTS.map(({ kind }) => [
			subjectField(kind),
			subjects.flatMap((subject) => named(subject, kind) ?? []).join("\n"),
		]),
	);
}

/** The subjects that the fields name, each with the field and the line that it came from. */
export function subjectsIn(
	values: Readonly<Record<string, string>>,
): readonly { readonly subject: Record<string, string>; readonly field: string; readonly line: number }[] {
	return SUBJECTS.flatMap(({ kind }) =>
		wordsIn(values[subjectField(kind)]).map((value, line) => ({
			subject: { [kind]: value },
			field: subjectField(kind),
			line,
		})),
	);
}

/** `Slack group S0DEVS` */
export function subjectWords(subject: Subject): string {
	const found = SUBJECTS.find(({ kind }) => named(subject, kind) !== undefined);
	return found === undefined ? "somebody" : `${found.one} ${named(subject, found.kind)}`;
}
