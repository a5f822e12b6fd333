import type { ComponentChildren } from "preact";
import type { Run, RunState } from "../../core/run.ts";
import type { Inline, Rich } from "../../ports/chat.ts";
import { refName } from "../../words/run-card.ts";
import { stateWord } from "../../words/state-label.ts";

const TONES: Record<RunState, string> = {
	waiting_approval: "wait",
	queued: "wait",
	dispatching: "run",
	running: "run",
	cancelling: "wait",
	succeeded: "good",
	failed: "bad",
	rejected: "bad",
	cancelled: "",
	expired: "",
	superseded: "",
	timed_out: "bad",
};
const DOTS: Readonly<Record<string, string>> = { good: "✓", bad: "✕", wait: "…", run: "●", "": "–" };

export function StateBadge({ state }: { readonly state: RunState }) {
	const tone = TONES[state];
	return (
		<span class={`badge ${tone}`}>
			<span class="dot" aria-hidden="true">
				{DOTS[tone]}
			</span>
			{stateWord(state)}
		</span>
	);
}

export function Badge({
	tone = "",
	children,
}: {
	readonly tone?: "good" | "bad" | "wait" | "run" | "";
	readonly children: ComponentChildren;
}) {
	return <span class={`badge ${tone}`}>{children}</span>;
}

const UTC = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });

const UTC_EXACT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium", timeZone: "UTC" });

/** In UTC, until the script of the page puts it into the reader's zone. `exact`: to the second. */
export function Time({ at, exact = false }: { readonly at: Date; readonly exact?: boolean }) {
	return (
		<time dateTime={at.toISOString()} {...(exact ? { "data-exact": "" } : {})}>
			{`${(exact ? UTC_EXACT : UTC).format(at)} UTC`}
		</time>
	);
}

/** What cards say, on the page. */
export function RichText({ text }: { readonly text: Rich }) {
	return <>{text.map((one, index) => inline(one, index))}</>;
}

function inline(one: Inline, key: number) {
	if (typeof one === "string") return one;
	if ("bold" in one) return <strong key={key}>{one.bold}</strong>;
	if ("code" in one) return <code key={key}>{one.code}</code>;
	if ("link" in one)
		return (
			<SafeLink key={key} to={one.link}>
				{one.text}
			</SafeLink>
		);
	if ("person" in one) return <strong key={key}>{one.person.name}</strong>;
	if ("time" in one) return <Time key={key} at={one.time} />;
	return null;
}

/** Pipelines name addresses: one that is not on the web is shown as text. */
export function SafeLink({ to, children }: { readonly to: string; readonly children: ComponentChildren }) {
	return /^https?:\/\//i.test(to) ? (
		<a href={to} rel="noreferrer">
			{children}
		</a>
	) : (
		<span>{children}</span>
	);
}

export function RunLink({ run }: { readonly run: Pick<Run, "number"> }) {
	return <a href={`/runs/${run.number}`}>#{run.number}</a>;
}

export function RefCode({ run }: { readonly run: Run }) {
	return (
		<>
			<code>{refName(run)}</code> <span class="soft mono">{run.ref.sha.slice(0, 8)}</span>
		</>
	);
}
