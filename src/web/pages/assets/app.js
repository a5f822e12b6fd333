// What the page does beyond forms and links; without it everything can still be read and done.

/** Times in the reader's own zone; the server writes them in UTC. */
function localTimes(root) {
	for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
		const at = new Date(time.dateTime);
		if (Number.isNaN(at.getTime())) continue;
		time.dataset.local = "";
		time.title = time.textContent;
		const timeStyle = "exact" in time.dataset ? "medium" : "short";
		time.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle });
	}
}

/**
 * Server-sent events while somebody looks: a browser opens few connections to a host, and a tab that nobody sees needs none. `wire` is told
 * of each new connection, and whether there was one before.
 */
function listen(address, wire) {
	let events = null;
	let again = false;
	let timer = null;
	const close = () => {
		clearTimeout(timer);
		events?.close();
		events = null;
	};
	const open = () => {
		close();
		if (document.hidden) return;
		events = new EventSource(address());
		const isAgain = again;
		again = true;
		wire(events, isAgain, stop);
		// Turned away, not cut off: the browser would not come back by itself.
		events.addEventListener("error", () => {
			if (events?.readyState !== EventSource.CLOSED) return;
			close();
			timer = setTimeout(open, 30_000);
		});
	};
	const turn = () => (document.hidden ? close() : open());
	const stop = () => {
		close();
		document.removeEventListener("visibilitychange", turn);
	};
	document.addEventListener("visibilitychange", turn);
	addEventListener("pagehide", close);
	addEventListener("pageshow", ({ persisted }) => persisted && open());
	open();
}

const STALE =
	"This page does not follow what happens: the server cannot be reached, or too many pages follow. It tries again by itself.";

/** Tells the parts of the page that show what changes that something did. */
function follow() {
	if (document.querySelector("[data-live]") === null) return;
	const stale = document.getElementById("stale");
	// Of what is shown; each event brings the next, so that nothing is missed between two connections.
	let { mark } = document.getElementById("content").dataset;
	const tell = (chains) => {
		for (const part of document.querySelectorAll("[data-live]"))
			if (chains.includes("*") || !part.dataset.chain || chains.includes(part.dataset.chain))
				htmx.trigger(part, "draven:changed");
	};
	// What gets older by itself: windows that open, what the provider was asked a while ago.
	const age = () => {
		for (const part of document.querySelectorAll("[data-ages]"))
			if (!document.hidden) htmx.trigger(part, "draven:changed");
	};
	setInterval(age, 60_000);
	listen(
		() => `/events?since=${encodeURIComponent(mark)}`,
		(events, isAgain) => {
			let opened = isAgain;
			let lost = null;
			events.addEventListener("open", () => {
				clearTimeout(lost);
				lost = null;
				stale.textContent = "";
				if (opened) age();
				opened = true;
			});
			// A moment without it is nothing to speak of.
			events.addEventListener("error", () => {
				lost ??= setTimeout(() => {
					if (events.readyState !== EventSource.OPEN && !document.hidden) stale.textContent = STALE;
				}, 5_000);
			});
			events.addEventListener("changed", ({ data, lastEventId }) => {
				mark = lastEventId;
				tell(data.split(" "));
			});
		},
	);
}

/** Plots the table beside it: the numbers are the table's own. */
function plots(root) {
	for (const canvas of root.querySelectorAll("canvas[data-plot]")) {
		if (canvas.dataset.drawn !== undefined || typeof Chart === "undefined") continue;
		canvas.dataset.drawn = "";
		const { labels, series, unit, kind } = JSON.parse(canvas.dataset.plot);
		const style = getComputedStyle(document.documentElement);
		const ink = style.getPropertyValue("--soft");
		const colours = ["--accent", "--bad", "--good", "--wait"].map((name) => style.getPropertyValue(name));
		new Chart(canvas, {
			type: kind ?? "bar",
			data: {
				labels,
				datasets: series.map(({ name, values }, index) => ({
					label: name,
					data: values,
					backgroundColor: colours[index % colours.length],
					borderColor: colours[index % colours.length],
				})),
			},
			options: {
				animation: false,
				responsive: true,
				// On a phone the legend and the weeks take what a flat plot has.
				aspectRatio: innerWidth < 640 ? 1 : 2,
				plugins: { legend: { display: series.length > 1, labels: { color: ink } } },
				scales: {
					x: { ticks: { color: ink }, grid: { display: false } },
					y: { beginAtZero: true, title: { display: true, text: unit, color: ink }, ticks: { color: ink } },
				},
			},
		});
	}
}

/** Buttons that copy what stands beside them, where the browser lets us. */
function copying(root) {
	if (navigator.clipboard === undefined) return;
	for (const button of root.querySelectorAll("button[data-copy][hidden]")) {
		button.hidden = false;
		button.addEventListener("click", async () => {
			await navigator.clipboard.writeText(button.dataset.copy);
			button.textContent = "Copied";
		});
	}
}

function enliven(root) {
	copying(root);
	localTimes(root);
	plots(root);
}

/** A form in which something was typed that is not sent yet. */
function isBegun(part) {
	if (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return true;
	return [...part.querySelectorAll("input:not([type=hidden]), textarea")].some(
		(field) => field.value !== field.defaultValue,
	);
}

/** What somebody is typing in is not taken from under their hands; all around it follows what happens. */
function spareTyping() {
	document.addEventListener("htmx:before:swap", ({ detail: { tasks } }) => {
		// What comes is as what is there: times in the reader's zone, so that nothing of them moves.
		for (const { fragment } of tasks) localTimes(fragment);
		const isTypedIn = ({ target }) => target?.matches?.("[data-typed]") && target.contains(document.activeElement);
		tasks.splice(0, tasks.length, ...tasks.filter((task) => !isTypedIn(task)));
		// The settings of htmx let what has this attribute stay as it is.
		for (const part of document.querySelectorAll("[data-kept]")) part.toggleAttribute("data-typing", isBegun(part));
	});
	document.addEventListener("focusout", ({ target }) => {
		const part = target.closest("[data-typing]");
		setTimeout(() => {
			if (part === null || !part.isConnected || isBegun(part)) return;
			part.removeAttribute("data-typing");
			const live = part.closest("[data-live]");
			if (live !== null) htmx.trigger(live, "draven:changed");
		});
	});
}

addEventListener("DOMContentLoaded", () => {
	enliven(document);
	follow();
	spareTyping();
	new MutationObserver(() => enliven(document)).observe(document.body, { childList: true, subtree: true });
	document.querySelector(".tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
});
