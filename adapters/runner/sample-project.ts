import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Environment, git } from "./git.ts";

interface SampleCommit {
	readonly branch: "main" | "release/1.2";
	/** For the first commit of a further branch: which commit of the history it follows, from 1. */
	readonly from?: number;
	readonly message: string;
	readonly files: Readonly<Record<string, string>>;
	readonly tag?: { readonly name: string; readonly note: string | null };
}

const BUY = '<button id="buy">Buy</button>';

const README = `# shop

A sample project for trying DRAVEN. A release is a folder below \`$HOME/sites/shop/<environment>\`, made by \`deploy/run.sh\`.
v1.3.0 is broken on purpose: its health check fails, and the release before it stays live.
`;

const HEALTH_CHECK = `#!/bin/sh
# A shop in which nobody can buy is not healthy.
set -eu
sleep 1
grep -q 'id="buy"' public/index.html || {
	echo "public/index.html: the Buy button is missing." >&2
	exit 1
}
echo "Healthy."
`;

/** From first to last. An annotated tag has a note, a lightweight one has none. */
const HISTORY: readonly SampleCommit[] = [
	{
		branch: "main",
		message: "A shop with one product",
		files: { "README.md": README, "public/index.html": page(`<p>Tea</p>${BUY}`) },
		tag: { name: "v1.0.0", note: "The shop opens" },
	},
	{
		branch: "main",
		message: "Sell coffee too",
		files: { "public/index.html": page(`<p>Tea</p><p>Coffee</p>${BUY}`) },
		tag: { name: "v1.1.0", note: null },
	},
	{
		branch: "main",
		message: "Show prices",
		files: { "public/index.html": page(`<p>Tea 3 €</p><p>Coffee 4 €</p>${BUY}`) },
		tag: { name: "v1.2.0", note: "Prices" },
	},
	{
		branch: "release/1.2",
		from: 3,
		message: "Correct the price of coffee",
		files: { "public/index.html": page(`<p>Tea 3 €</p><p>Coffee 5 €</p>${BUY}`) },
	},
	{
		branch: "main",
		message: "Tidy up the page",
		files: { "public/index.html": page("<p>Tea 3 €</p><p>Coffee 4 €</p>") },
		tag: { name: "v1.3.0", note: "Tidier, and broken: the Buy button got lost" },
	},
	{
		branch: "main",
		message: "Bring the Buy button back",
		files: { "public/index.html": page(`<h2>Today</h2><p>Tea 3 €</p><p>Coffee 4 €</p>${BUY}`) },
	},
];

/**
 * Makes the bare repository of the sample project `shop` in `dir`, once: the same commits everywhere, whatever the user's own
 * git is set to. Safe to be called again and by several processes.
 */
export async function createSampleRepository(dir: string, env: Environment): Promise<{ url: string }> {
	const target = join(resolve(dir), "shop.git");
	if (existsSync(target)) return { url: target };
	await mkdir(resolve(dir), { recursive: true });
	const aside = await mkdtemp(`${target}-`);
	try {
		// The user's own settings have no say in it.
		const call = {
			env: { ...env, HOME: aside, XDG_CONFIG_HOME: aside },
			repository: null,
			cwd: aside,
			timeoutMs: 20_000,
		};
		await git(["init", "--quiet", "--bare", "--template=", "--object-format=sha1", "--initial-branch=main"], call);
		await git(["fast-import", "--quiet"], { ...call, input: importStream(await readEntrypoint()) });
		await rename(aside, target);
	} catch (error) {
		// Somebody else was faster.
		if (!existsSync(target)) throw error;
	} finally {
		await rm(aside, { recursive: true, force: true });
	}
	return { url: target };
}

/** The one that people copy into their own repositories. */
async function readEntrypoint(): Promise<string> {
	return readFile(join(packageRoot(), "manifests/pipelines/deploy/run.sh"), "utf8");
}

/** This module runs from adapters/runner/ and, built, from build/adapters/runner/. */
function packageRoot(): string {
	let folder = dirname(fileURLToPath(import.meta.url));
	while (!existsSync(join(folder, "package.json"))) {
		if (folder === dirname(folder)) throw new Error("The folder of DRAVEN's package.json was not found.");
		folder = dirname(folder);
	}
	return folder;
}

/** The language of `git fast-import`: commits without a checkout, hooks, signatures or a clock. */
function importStream(entrypoint: string): string {
	const first = { "deploy/run.sh": entrypoint, "deploy/health-check.sh": HEALTH_CHECK };
	const day = (index: number) => `Sample Author <author@shop.example> ${1_767_258_000 + index * 86_400} +0000`;
	return HISTORY.map((commit, index) => {
		const files = Object.entries(index === 0 ? { ...first, ...commit.files } : commit.files);
		const tag = commit.tag;
		return [
			`commit refs/heads/${commit.branch}\nmark :${index + 1}\nauthor ${day(index)}\ncommitter ${day(index)}\n`,
			data(`${commit.message}\n`),
			commit.from ? `from :${commit.from}\n` : "",
			...files.map(([path, text]) => `M ${path.endsWith(".sh") ? "100755" : "100644"} inline ${path}\n${data(text)}`),
			tag?.note === null ? `reset refs/tags/${tag.name}\nfrom :${index + 1}\n\n` : "",
			tag?.note ? `tag ${tag.name}\nfrom :${index + 1}\ntagger ${day(index)}\n${data(`${tag.note}\n`)}` : "",
		].join("");
	}).join("");
}

function data(text: string): string {
	return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

function page(body: string): string {
	return `<!doctype html>\n<title>Shop</title>\n<h1>Shop</h1>\n${body}\n`;
}
