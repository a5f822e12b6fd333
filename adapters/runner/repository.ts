import { isAbsolute } from "node:path";
import { VendorError } from "../../src/ports/vendor-error.ts";

/** A git URL that was looked at: safe to be an argument of git. */
export interface Repository {
	readonly url: string;
	/** For people: without user and password. */
	readonly shown: string;
	/** For GIT_ALLOW_PROTOCOL: what git may speak for this URL, redirects and its own rewriting included. */
	readonly protocols: string;
}

/** Checks a git URL: https, ssh (also `user@host:path`), http on this machine, file and absolute paths. Throws VendorError. */
export function readRepository(url: string): Repository {
	const protocols = protocolsOf(url);
	if (protocols === null)
		throw new VendorError(
			"rejected",
			`The repository "${withoutUserinfo(url)}" is not an https or ssh URL, nor an absolute path: correct it in the project.`,
		);
	return { url, shown: withoutUserinfo(url), protocols };
}

/** Takes user and password out of every URL in a text. */
export function withoutUserinfo(text: string): string {
	return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/]*@/gi, "$1");
}

export function isLoopback(hostname: string): boolean {
	return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function protocolsOf(url: string): string | null {
	// A leading dash would be an option of git, `transport::address` runs a program.
	if (url.startsWith("-") || url.includes("::") || /[\p{Cc}\s]/u.test(url)) return null;
	if (isAbsolute(url)) return "file";
	if (/^[\w.-]+@[\w][\w.-]*:[^-]/.test(url)) return "https:ssh";
	if (!URL.canParse(url)) return null;
	const { protocol, hostname } = new URL(url);
	switch (protocol) {
		// Operators rewrite one into the other (url.<base>.insteadOf); neither may turn into http.
		case "https:":
		case "ssh:":
			return hostname === "" || hostname.startsWith("-") ? null : "https:ssh";
		case "http:":
			return isLoopback(hostname) ? "http" : null;
		case "file:":
			return "file";
		default:
			return null;
	}
}
