import type { ComponentChildren, VNode } from "preact";
import type { ManagedBy } from "../../../store/entities.ts";
import { Badge } from "../bits.tsx";
import type { PageReply } from "../page.tsx";

const TABS = [
	{ tab: "overview", path: "/admin", label: "Overview" },
	{ tab: "projects", path: "/admin/projects", label: "Projects" },
	{ tab: "policies", path: "/admin/policies", label: "Policies" },
	{ tab: "integrations", path: "/admin/integrations", label: "Integrations" },
	{ tab: "access", path: "/admin/access", label: "Access" },
	{ tab: "people", path: "/admin/people", label: "People" },
	{ tab: "tokens", path: "/admin/tokens", label: "Tokens" },
	{ tab: "locks", path: "/admin/locks", label: "Locks" },
	{ tab: "freezes", path: "/admin/freezes", label: "Freezes" },
] as const;
export type Tab = (typeof TABS)[number]["tab"];

/** A page of the admin part, under its tabs. */
export function adminPage(tab: Tab, title: string, content: VNode, status = 200): PageReply {
	const framed = (
		<>
			<nav class="tabs" aria-label="Admin">
				{TABS.map((one) => (
					<a key={one.tab} href={one.path} {...(one.tab === tab ? { "aria-current": "page" } : {})}>
						{one.label}
					</a>
				))}
			</nav>
			{content}
		</>
	);
	return { kind: "page", title, section: "admin", content: framed, status };
}

/** The title of a page, with what can be begun there. */
export function Head({
	title,
	says,
	back,
	children,
}: {
	readonly title: ComponentChildren;
	readonly says?: ComponentChildren;
	/** The list that it is a part of. */
	readonly back?: { readonly path: string; readonly label: string };
	readonly children?: ComponentChildren;
}) {
	return (
		<div class="head">
			<div>
				{back === undefined ? null : (
					<p class="back">
						<a href={back.path}>{`← ${back.label}`}</a>
					</p>
				)}
				<h1>{title}</h1>
				{says === undefined ? null : <p class="soft">{says}</p>}
			</div>
			{children === undefined ? null : <div class="buttons">{children}</div>}
		</div>
	);
}

/** Who made it: what a file manages is changed there alone. */
export function ManagedBadge({ by }: { readonly by: ManagedBy }) {
	if (by === "file") return <Badge tone="run">draven.yaml</Badge>;
	return by === "sample" ? <Badge>sample</Badge> : null;
}

/** In a list, where it is said of everything. */
export function ManagedCell({ by }: { readonly by: ManagedBy }) {
	return <td data-label="Managed by">{by === "api" ? "this page" : <ManagedBadge by={by} />}</td>;
}

/** In the place of a form. */
export function ManagedByFile({ what }: { readonly what: string }) {
	return (
		<p class="notice">
			{`draven.yaml manages ${what}: change it there, and `}
			<code>draven apply -f draven.yaml</code>
			{" carries it over. Here it is shown alone."}
		</p>
	);
}

/** Something that cannot be taken back by a click: opened first, then done. */
export function Danger({
	label,
	says,
	children,
}: {
	readonly label: string;
	readonly says: ComponentChildren;
	readonly children: ComponentChildren;
}) {
	return (
		<details class="card danger">
			<summary>{label}</summary>
			<p>{says}</p>
			{children}
		</details>
	);
}

export function nothingHere(tab: Tab, what: string): PageReply {
	return adminPage(
		tab,
		"Not found",
		<div class="card empty">
			<h1>There is nothing here</h1>
			<p>{`${what} is not configured (any more).`}</p>
		</div>,
		404,
	);
}
