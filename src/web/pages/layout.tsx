import type { ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import { ASSETS } from "./assets.ts";
import { ViewerContext } from "./context.ts";

export type Section = "board" | "runs" | "audit" | "reports" | "admin" | "account";

const NAVIGATION: readonly { readonly section: Section; readonly path: string; readonly label: string }[] = [
	{ section: "board", path: "/", label: "Board" },
	{ section: "runs", path: "/runs", label: "Runs" },
	{ section: "audit", path: "/audit", label: "Audit" },
	{ section: "reports", path: "/reports", label: "Reports" },
	{ section: "admin", path: "/admin", label: "Admin" },
];

/**
 * An answer that is an error is not put in the place of what is there; what somebody opened stays open, and what they type in stays as it is.
 */
const HTMX = JSON.stringify({
	includeIndicatorCSS: false,
	noSwap: [204, 304, "4xx", "5xx"],
	morphIgnore: ["data-htmx-powered", "open"],
	morphSkip: "[data-typing]",
});

/** The frame of every page that somebody who is signed in sees. */
export function Layout({
	title,
	section,
	mark,
	children,
}: {
	readonly title: string;
	readonly section: Section;
	/** By it the events that the page follows begin where it was made. */
	readonly mark: string;
	readonly children: ComponentChildren;
}) {
	const { name, flash, admin } = useContext(ViewerContext);
	return (
		<Page title={title} scripts>
			<a class="skip" href="#content">
				Skip to the content
			</a>
			<header class="top">
				<div>
					<a class="brand" href="/">
						DRAVEN
					</a>
					<nav aria-label="Main">
						{NAVIGATION.filter((one) => one.section !== "admin" || admin).map((one) => (
							<a key={one.path} href={one.path} {...(one.section === section ? { "aria-current": "page" } : {})}>
								{one.label}
							</a>
						))}
					</nav>
					<div class="who">
						<a href="/account">{name}</a>
						<Form action="/sign-out">
							<button class="link" type="submit">
								Sign out
							</button>
						</Form>
					</div>
				</div>
			</header>
			<main id="content" data-mark={mark}>
				{flash === null ? null : (
					<div class={`notice ${flash.kind}`} role={flash.kind === "bad" ? "alert" : "status"}>
						{flash.text}
					</div>
				)}
				{children}
			</main>
			<p id="stale" class="stale" role="status" />
			<footer class="foot">
				<div>
					The HTTP API is described at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.
				</div>
			</footer>
		</Page>
	);
}

/** A page of one card, for those who are not in yet, or where something is not there. */
export function Alone({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
	return (
		<Page title={title}>
			<main>
				<div class="card narrow">
					<p>
						<span class="brand">DRAVEN</span>
					</p>
					<h1>{title}</h1>
					{children}
				</div>
			</main>
		</Page>
	);
}

function Page({
	title,
	scripts = false,
	children,
}: {
	readonly title: string;
	readonly scripts?: boolean;
	readonly children: ComponentChildren;
}) {
	return (
		<html lang="en">
			<head>
				<meta charset="utf-8" />
				<meta name="viewport" content="width=device-width, initial-scale=1" />
				<meta name="robots" content="noindex" />
				<meta name="htmx-config" content={HTMX} />
				<title>{`${title} · DRAVEN`}</title>
				<link rel="icon" href="data:," />
				<link rel="stylesheet" href={ASSETS.style.url} />
				{scripts
					? [ASSETS.htmx, ASSETS.chart, ASSETS.script, ASSETS.log].map(({ url }) => (
							<script key={url} src={url} defer />
						))
					: null}
			</head>
			<body>{children}</body>
		</html>
	);
}

/** Every change is a form with the token that a stranger's page cannot know. */
export function Form({
	action,
	inline = false,
	id,
	children,
}: {
	readonly action: string;
	/** By it a form that is live stays itself. */
	readonly id?: string;
	readonly inline?: boolean;
	readonly children: ComponentChildren;
}) {
	const { csrf } = useContext(ViewerContext);
	return (
		<form method="post" id={id} action={action} class={inline ? "inline" : undefined}>
			<input type="hidden" name="csrf" value={csrf} />
			{children}
		</form>
	);
}
