import type { Section } from "./layout.tsx";
import type { PageReply } from "./page.tsx";

/** A filter of the address that was not understood. */
export interface Unread {
	/** As its field is called. */
	readonly filter: string;
	readonly value: string;
	/** What it has to be. */
	readonly wanted: string;
}

/** What is not understood filters nothing: instead of everything, nothing is shown, and it is said why. */
export function UnreadNotice({ unread }: { readonly unread: readonly Unread[] }) {
	return (
		<div class="notice bad" role="alert">
			{unread.map((one) => (
				<p key={one.filter}>{wordsOf(one)}</p>
			))}
			<p>Nothing is shown: change or clear that.</p>
		</div>
	);
}

/** In place of a file: one that holds more than was asked for would be taken for what was asked for. */
export function refuseUnread(unread: readonly Unread[], section: Section, back: string): PageReply {
	const content = (
		<div class="card">
			<h1>That was not understood</h1>
			<UnreadNotice unread={unread} />
			<p>
				<a href={back}>Without any filter</a>
			</p>
		</div>
	);
	return { kind: "page", title: "Not understood", section, content, status: 400 };
}

/** Of fields that take one of a few values; an empty one is none. */
export function unreadChoice(
	filter: string,
	value: string | undefined,
	options: readonly (string | number)[],
): readonly Unread[] {
	if (value === undefined || value === "" || options.some((one) => String(one) === value)) return [];
	return [
		{ filter, value, wanted: options.length > 20 ? "is none that there is" : `has to be one of ${options.join(", ")}` },
	];
}

/** Where the last page ended, as a number of a run. */
export function unreadBefore(value: string | undefined): readonly Unread[] {
	if (value === undefined || value === "" || /^\d{1,9}$/.test(value)) return [];
	return [{ filter: "Older than", value, wanted: "has to be the number of a run" }];
}

function wordsOf({ filter, value, wanted }: Unread): string {
	return `${filter} "${value.slice(0, 100)}" was not understood: it ${wanted}.`;
}
