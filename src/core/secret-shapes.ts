/** Characters of a text: from the first one to before the last one. */
export type Span = readonly [from: number, to: number];

/**
 * Secrets that are known by their looks, wherever lines break in them. The quantifiers are bounded: a long line takes no longer than it is.
 * Where a shape has a group, it is at the end, and it alone is the secret.
 */
const SHAPES: readonly RegExp[] = [
	/xox[a-z](?:\.xox[a-z])?-[\w-]{8,255}/g,
	/xapp-[\w-]{8,255}/g,
	/drv_[\w-]{20,255}/g,
	/(?:gh[pousr]_|github_pat_)\w{16,255}/g,
	/gl(?:pat|dt|rt|cbt|ptt|ft|soat|ffct|imt|agent)-[\w.-]{16,255}/g,
	/AT(?:BB|ATT|CTT)[\w=+/-]{16,255}/g,
	/whsec_[\w+/=-]{8,255}/g,
	/(?:AKIA|ASIA)[A-Z0-9]{16}/g,
	/AIza[\w-]{35}/g,
	/ya29\.[\w-]{20,1024}/g,
	/npm_[A-Za-z0-9]{30,255}/g,
	/pypi-[\w-]{20,1024}/g,
	/hf_[A-Za-z0-9]{20,255}/g,
	/(?:sk|rk|pk)_(?:live|test)_\w{10,255}/g,
	// What is called sk-… and no key has neither digits nor capitals near its beginning.
	/sk-(?=[\w-]{0,40}\d)(?=[\w-]{0,40}[A-Z])[\w-]{20,255}/g,
	/SG\.[\w-]{16,64}\.[\w-]{16,128}/g,
	/(?<![\w-])eyJ[\w-]{8,4096}\.[\w-]{8,8192}\.[\w-]{1,2048}/g,
	/(?:Bearer|Basic)(?: |%20|\+)([\w.~+/=%-]{8,4096})/gi,
	/(?<=:\/\/)[^\s/"@:]{0,255}:[^\s/"@]{1,255}(?=@)/g,
	/hooks\.slack\.com\/[\w/-]{8,255}/g,
];

const VALUE = String.raw`(\\{0,3}"[^"\\]{1,4096}|'[^']{1,4096}|[^\s"'&;,\\]{1,4096})`;
const NAME =
	"(?:PASSWORD|PASSWD|PASSPHRASE|_PASS|_PWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|ACCOUNT_?KEY|PRIVATE_?KEY|SECRET_?KEY|CREDENTIALS?)";

/** Of one line: its value would go on into the next one's first word otherwise, and lists of them are common. */
const ASSIGNED: readonly RegExp[] = [
	new RegExp(`${NAME} {0,3}(?:=|:=|=>) {0,3}${VALUE}`, "gi"),
	new RegExp(String.raw`${NAME}\\{0,3}["'] {0,3}[:=] {0,3}${VALUE}`, "gi"),
	new RegExp(`(?:-(?:TOKEN|KEY)|authorization) {0,3}: {0,3}(?:[a-z]{1,20} )?${VALUE}`, "gi"),
];

/** As it is read, line after line. */
export function shapesInLines(text: string): Span[] {
	return [...SHAPES, ...ASSIGNED].flatMap((shape) => shaped(text, shape));
}

/** With the breaks of lines taken out. */
export function shapesInOne(text: string): Span[] {
	return [...SHAPES.flatMap((shape) => shaped(text, shape)), ...insidePem(text)];
}

function shaped(text: string, shape: RegExp): Span[] {
	return [...text.matchAll(shape)].map((match) => {
		const to = match.index + match[0].length;
		return [to - (match[1] ?? match[0]).length, to];
	});
}

const PEM = /-----(BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const PEM_MARKER = new RegExp(PEM.source.replace("(B", "(?:B"), "g");
/** A key of 16,384 bits is shorter. */
const LONGEST_KEY = 16_384;
const PART_OF_KEY = /[\w+/=]/;

export function pemMarkers(text: string): Span[] {
	return shaped(text, PEM_MARKER);
}

/**
 * Private keys. What begins and ends them is no secret and stays: by it a later reading knows that it is within one. One whose end is not
 * there is taken as long as one can be, and one whose beginning is not there back to the last character that is none of a key.
 */
function insidePem(text: string): Span[] {
	const spans: Span[] = [];
	let open: number | null = null;
	let closed = 0;
	for (const { index, 0: marker, 1: kind } of text.matchAll(PEM)) {
		if (open !== null) spans.push([open, Math.min(index, open + LONGEST_KEY)]);
		else if (kind === "END") spans.push([backTo(text, index, closed), index]);
		closed = index + marker.length;
		open = kind === "BEGIN" ? closed : null;
	}
	if (open !== null) spans.push([open, Math.min(text.length, open + LONGEST_KEY)]);
	return spans;
}

function backTo(text: string, end: number, least: number): number {
	let from = end;
	while (from > least && end - from < LONGEST_KEY && PART_OF_KEY.test(text[from - 1] ?? "")) from -= 1;
	return from;
}
