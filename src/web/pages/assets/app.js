// What the page does beyond forms and links; without it everything can still be read and done.

/** Times in the reader's own zone; the server writes them in UTC. */
function localTimes(root) {
	for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
		const at = new Date(time.dateTime);
		if (Number.isNaN(at.getTime())) continue;
		time.dataset.local = "";
		time.title = time.textContent;
		time.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
	}
}

/** Tells the parts of the page that show what changes that something did. */
function follow() {
	if (document.querySelector("[data-live]") === null) return;
	const events = new EventSource("/events");
	events.addEventListener("changed", () => {
		for (const part of document.querySelectorAll("[data-live]")) htmx.trigger(part, "draven:changed");
	});
	addEventListener("pagehide", () => events.close());
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

/** What somebody is typing in is not taken from under their hands. */
function spareTyping() {
	document.body.addEventListener("htmx:beforeSwap", (event) => {
		const { target } = event.detail;
		if (target.matches("[data-typed]") && target.contains(document.activeElement)) event.detail.shouldSwap = false;
	});
}

addEventListener("DOMContentLoaded", () => {
	enliven(document);
	follow();
	spareTyping();
	new MutationObserver(() => enliven(document)).observe(document.body, { childList: true, subtree: true });
	document.querySelector(".tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
	// A log is read at its end.
	for (const log of document.querySelectorAll(".log[data-tail]")) log.scrollTop = log.scrollHeight;
});
