/** A request of Slack, read: the fields of a command, an event's envelope, or an interaction's payload. */
export type Body = Readonly<Record<string, unknown>>;

export function isBody(value: unknown): value is Body {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text at a path; null where there is none. */
export function textAt(body: unknown, ...path: (string | number)[]): string | null {
	let at = body;
	for (const key of path) {
		if (typeof at !== "object" || at === null) return null;
		at = Reflect.get(at, key);
	}
	return typeof at === "string" && at !== "" ? at : null;
}

/** What the database cannot hold in JSON: NUL, and halves of letters. */
const UNSTORABLE = /\0|\p{Surrogate}/gu;

/** Reads the bytes of a request. Null: they are nothing that Slack sends. */
export function readRequestBody(contentType: string, raw: Buffer): Body | null {
	const text = raw.toString("utf8");
	if (contentType.startsWith("application/json")) return parse(text);
	if (!contentType.startsWith("application/x-www-form-urlencoded")) return null;
	const form = new URLSearchParams(text);
	const payload = form.get("payload");
	if (payload !== null) return parse(payload);
	const body: Record<string, string> = {};
	for (const [key, value] of form) body[key] = value.replace(UNSTORABLE, "");
	return body;
}

function parse(text: string): Body | null {
	try {
		const value: unknown = /\\u(?:0000|d[89a-f])/i.test(text)
			? JSON.parse(text, (_, inner) => (typeof inner === "string" ? inner.replace(UNSTORABLE, "") : inner))
			: JSON.parse(text);
		return isBody(value) ? value : null;
	} catch {
		return null;
	}
}
