// The end of a log: it follows what comes, keeps what is looked at in its place, and is searched where it stands.

/** What a page holds at most; the rest is found by the form, and by the links to older lines. */
const MOST_LINES = 10_000;
/** As many the server gives at once. */
const PAGE = 1_000;
const MOST_MARKS = 5_000;
const SAY_EVERY_MS = 15_000;

function liveLog(root) {
	const part = (name) => root.querySelector(`[data-${name}]`);
	const scroller = root.querySelector(".log");
	const list = scroller.querySelector("ol");
	const [toEnd, said] = [part("to-end"), part("said")];
	let first = Number(root.dataset.first);
	let next = Number(root.dataset.next);
	let unseen = 0;

	const isAtEnd = () => scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 24;
	const goToEnd = () => {
		scroller.scrollTop = scroller.scrollHeight;
		seen();
	};
	const seen = () => {
		unseen = 0;
		toEnd.hidden = true;
	};
	/** What is looked at stays where it is, whatever comes or goes above it. */
	const keepingPlace = (change) => {
		const fromEnd = scroller.scrollHeight - scroller.scrollTop;
		change();
		scroller.scrollTop = scroller.scrollHeight - fromEnd;
	};
	scroller.addEventListener("scroll", () => isAtEnd() && seen(), { passive: true });
	toEnd.addEventListener("click", () => {
		goToEnd();
		scroller.focus();
	});

	const search = searchIn(root, list, loadOlder);

	function append(html, last) {
		const wasAtEnd = isAtEnd();
		const before = list.lastElementChild;
		list.insertAdjacentHTML("beforeend", html);
		const come = [];
		for (let one = before?.nextElementSibling ?? list.firstElementChild; one; one = one.nextElementSibling)
			come.push(one);
		next = last + 1;
		part("empty").hidden = true;
		for (const shown of root.querySelectorAll("[data-lines]")) shown.hidden = false;
		const over = list.childElementCount - MOST_LINES;
		if (over > 0)
			keepingPlace(() => {
				first += over;
				for (let n = 0; n < over; n++) list.firstElementChild.remove();
			});
		search.look(come);
		if (wasAtEnd) return goToEnd();
		unseen += come.length;
		toEnd.hidden = false;
		toEnd.textContent = `${unseen.toLocaleString()} new ${unseen === 1 ? "line" : "lines"} ↓`;
	}

	/** Puts the lines before those that are there, as many as may be. False: not all of them. */
	async function loadOlder() {
		const older = [];
		const began = first;
		let from = began;
		// Asked for by pages, put there at once: each time all of them are laid out anew.
		while (from > 0 && list.childElementCount + first - from < MOST_LINES) {
			const response = await fetch(`${root.dataset.log}/lines?before=${from}`, { headers: { "hx-request": "true" } });
			if (response.status !== 200) break;
			older.unshift(await response.text());
			from = Math.max(0, from - PAGE);
		}
		// So much came meanwhile that lines had to go at the top: between those and these there would be a gap.
		if (first !== began) return false;
		if (older.length > 0) keepingPlace(() => list.insertAdjacentHTML("afterbegin", older.join("")));
		first = from;
		return first === 0;
	}

	goToEnd();
	if (root.dataset.follow === undefined) return;
	let [unsaid, saidAt] = [0, 0];
	const tell = (text) => {
		said.textContent = text;
		[unsaid, saidAt] = [0, Date.now()];
	};
	const link = (text) => {
		part("link").textContent = text;
	};
	listen(
		() => `${root.dataset.log}/events?from=${next}`,
		(events, _isAgain, stop) => {
			events.addEventListener("open", () => link("Lines appear as they come."));
			events.addEventListener("error", () => link("The connection is lost; it is tried again."));
			events.addEventListener("lines", ({ data, lastEventId }) => {
				const come = Number(lastEventId) + 1 - next;
				append(data, Number(lastEventId));
				unsaid += come;
				if (Date.now() - saidAt > SAY_EVERY_MS) tell(`${unsaid} new ${unsaid === 1 ? "line" : "lines"} in the log.`);
			});
			events.addEventListener("end", () => {
				stop();
				link("");
				tell("The log is whole: nothing more comes.");
				if (list.childElementCount === 0) part("empty").textContent = "There is no log.";
			});
		},
	);
}

/** Counts, marks and steps through the lines that have a text in them, also as more come. */
function searchIn(root, list, loadOlder) {
	const part = (name) => root.querySelector(`[data-${name}]`);
	const form = part("search");
	const { q } = form.elements;
	const [count, only] = [part("count"), part("only")];
	const marks = typeof Highlight === "undefined" ? null : new Highlight();
	if (marks !== null) CSS.highlights.set("found", marks);
	let wanted = "";
	let found = [];
	let at = -1;
	let isWhole = true;
	part("scripted").hidden = false;

	const show = () => {
		const rest = isWhole ? "" : ` among the last ${MOST_LINES.toLocaleString()}`;
		found = found.filter((line) => line.isConnected);
		const lines = found.length === 1 ? "1 line" : `${found.length.toLocaleString()} lines`;
		count.textContent = wanted === "" ? "" : at === -1 ? `${lines}${rest}` : `${at + 1} of ${lines}${rest}`;
		list.toggleAttribute("data-only", only.checked && wanted !== "");
	};
	const mark = (line) => {
		const walker = document.createTreeWalker(line.lastElementChild, NodeFilter.SHOW_TEXT);
		for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
			const text = node.data.toLowerCase();
			for (let from = text.indexOf(wanted); from !== -1; from = text.indexOf(wanted, from + wanted.length)) {
				if (marks.size >= MOST_MARKS || from + wanted.length > node.length) return;
				const range = new Range();
				range.setStart(node, from);
				range.setEnd(node, from + wanted.length);
				marks.add(range);
			}
		}
	};
	const look = (lines) => {
		if (wanted === "") return;
		for (const line of lines) {
			const has = line.lastElementChild.textContent.toLowerCase().includes(wanted);
			line.classList.toggle("hit", has);
			if (!has) continue;
			found.push(line);
			if (marks !== null) mark(line);
		}
		show();
	};
	const begin = () => {
		for (const line of found) line.classList.remove("hit", "current");
		marks?.clear();
		[found, at, wanted] = [[], -1, q.value.toLowerCase()];
		look(list.children);
		show();
	};
	const find = async () => {
		const asked = q.value.toLowerCase();
		if (asked === wanted) return;
		if (asked !== "") {
			count.textContent = "…";
			isWhole = await loadOlder().catch(() => false);
		}
		if (q.value.toLowerCase() === asked) begin();
	};
	const step = async (by) => {
		await find();
		if (found.length === 0) return;
		found[at]?.classList.remove("current");
		// From the end, where one is, the first step is to the last of them.
		at = at === -1 ? (by > 0 ? 0 : found.length - 1) : (at + by + found.length) % found.length;
		found[at].classList.add("current");
		found[at].scrollIntoView({ block: "nearest" });
		show();
	};
	let typing;
	q.addEventListener("input", () => {
		clearTimeout(typing);
		typing = setTimeout(find, 200);
	});
	q.addEventListener("keydown", (event) => {
		if (event.key !== "Enter" || !event.shiftKey) return;
		event.preventDefault();
		step(-1);
	});
	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		await step(1);
		// More than a page holds: the server looks through all of it.
		if (!isWhole && found.length === 0) form.submit();
	});
	part("previous").addEventListener("click", () => step(-1));
	part("following").addEventListener("click", () => step(1));
	only.addEventListener("change", show);
	return { look };
}

addEventListener("DOMContentLoaded", () => {
	for (const root of document.querySelectorAll("[data-log]")) liveLog(root);
});
