import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { Config } from "./config.ts";

export interface LogOptions extends Pick<Config, "logLevel" | "logFormat"> {
	/** Values that no line may contain, wherever they come from. */
	readonly secrets?: readonly string[];
}

const REDACTED = "[redacted]";

/** Names under which secrets travel, also inside what vendors' errors carry along; a name that only begins so (`tokenId`) is none. */
const NAMES =
	"authorization|cookie|token|secret|password|passwd|private_?key|api_?key|secret_?key|credentials?|signature|response_?url|trigger_?id";
const MEMBER = new RegExp(
	`"([\\w.-]{0,40}(?:${NAMES}))":(?:"(?:[^"\\\\]|\\\\.)*"|\\[(?:"(?:[^"\\\\]|\\\\.)*",?)*\\])`,
	"gi",
);
/** The same in JSON that is a string itself: the body of a request. */
const INNER_MEMBER = new RegExp(`\\\\"([\\w.-]{0,40}(?:${NAMES}))\\\\":\\s*\\\\".*?\\\\"`, "gi");
const FORM_MEMBER = new RegExp(`\\b([\\w.-]{0,40}(?:${NAMES})=)[^&\\s"\\\\]+`, "gi");

const SHAPES = [
	/\bxox[a-z](?:\.xox[a-z])?-[\w-]+/g,
	/\bxapp-[\w-]+/g,
	/\bdrv_[\w-]{20,}/g,
	/\b(?:gh[pousr]_|github_pat_|gl[a-z]{2,5}-)[\w.-]{16,}/g,
	/\bAT(?:BB|ATT|CTT)[\w=+/-]{16,}/g,
	/\bwhsec_[\w+/=-]{8,}/g,
	/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+/g,
	/(?<=\b(?:Bearer|Basic) )[\w.~+/=-]{8,}/g,
	/(?<=:\/\/)[^\s/"@:]*:[^\s/"@]+(?=@)/g,
	/https:\/\/hooks\.slack\.com\/[^\s"\\]+/g,
	/-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?="))/g,
];

/**
 * The log: JSON lines, or for people on a terminal. Secrets are taken out of the finished line, the one place where bindings,
 * messages, nested objects and the insides of errors all come by.
 */
export function makeLog(
	options: LogOptions,
	stream: NodeJS.WritableStream & { readonly isTTY?: boolean } = process.stdout,
): Logger {
	// As they stand in a JSON string; short ones would blot out ordinary words.
	const known = (options.secrets ?? [])
		.filter((secret) => secret.length >= 8)
		.map((secret) => JSON.stringify(secret).slice(1, -1));
	const asJson = (options.logFormat ?? (stream.isTTY === true ? "pretty" : "json")) === "json";
	const out = asJson
		? stream
		: pretty({ destination: stream, sync: true, colorize: stream.isTTY === true, ignore: "pid,hostname" });
	return pino(
		{
			level: options.logLevel,
			base: { pid: process.pid },
			timestamp: pino.stdTimeFunctions.isoTime,
			hooks: { streamWrite: (line) => redact(line, known) },
		},
		out,
	);
}

function redact(line: string, known: readonly string[]): string {
	let clean = line
		.replace(MEMBER, `"$1":"${REDACTED}"`)
		.replace(INNER_MEMBER, `\\"$1\\":\\"${REDACTED}\\"`)
		.replace(FORM_MEMBER, `$1${REDACTED}`);
	for (const shape of SHAPES) clean = clean.replace(shape, REDACTED);
	for (const secret of known) clean = clean.replaceAll(secret, REDACTED);
	return clean;
}
