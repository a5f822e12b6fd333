import { BlockList, isIP } from "node:net";
import { embeddedIPv4 } from "./embedded-ipv4.ts";

export type BaseUrl = { readonly ok: true; readonly url: string } | { readonly ok: false; readonly problem: string };

/** Addresses that answer a cloud machine with its own credentials, and everything link-local. */
const METADATA = new BlockList();
METADATA.addSubnet("169.254.0.0", 16, "ipv4");
METADATA.addSubnet("fe80::", 10, "ipv6");
METADATA.addAddress("fd00:ec2::254", "ipv6");
METADATA.addAddress("100.100.100.200", "ipv4");
METADATA.addAddress("168.63.129.16", "ipv4");
METADATA.addAddress("192.0.0.192", "ipv4");
const METADATA_NAMES = new Set(["metadata", "metadata.google.internal"]);

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/**
 * An address that we call, or give out as our own: https, or http on this machine. `url` comes without a trailing slash.
 * `problem` continues a sentence that begins with the name of the value, and does not repeat the value.
 */
export function checkBaseUrl(text: string): BaseUrl {
	if (!URL.canParse(text)) return no("has to be a URL such as https://example.com");
	const url = new URL(text);
	if (url.username !== "" || url.password !== "") return no("must not carry a user or password");
	if (url.search !== "" || url.hash !== "" || /[?#]/.test(text)) return no("must not carry a query or a fragment");
	const host = hostOf(url);
	if (isMetadata(host)) return no("must not be a link-local or cloud metadata address");
	if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopbackHost(host)))
		return no("has to be https (http only on this machine: 127.0.0.1, ::1 or localhost)");
	return { ok: true, url: url.href.replace(/\/+$/, "") };
}

/** A host name or address, IPv6 with or without brackets. */
export function isLoopbackHost(host: string): boolean {
	const bare = host.replace(/^\[|\]$/g, "");
	return bare === "localhost" || bare.endsWith(".localhost") || isIn(LOOPBACK, bare);
}

function isMetadata(host: string): boolean {
	return METADATA_NAMES.has(host) || isMetadataAddress(host);
}

/** An address that answers a cloud machine with its own credentials, or that is link-local. IPv4 may be written as IPv6. */
export function isMetadataAddress(address: string): boolean {
	return isIn(METADATA, embeddedIPv4(address) ?? address);
}

/** An address of this machine, or the one that stands for all of its own. */
export function isLoopbackAddress(address: string): boolean {
	const bare = embeddedIPv4(address) ?? address;
	return isIn(LOOPBACK, bare) || bare === "0.0.0.0" || bare === "::";
}

function isIn(list: BlockList, host: string): boolean {
	const [bare = ""] = host.split("%");
	const family = isIP(bare);
	return family !== 0 && list.check(bare, family === 4 ? "ipv4" : "ipv6");
}

/** URL has already turned 0x7f.1 and 2130706433 into 127.0.0.1; a trailing dot names the same host. */
function hostOf(url: URL): string {
	return url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

function no(problem: string): BaseUrl {
	return { ok: false, problem };
}
