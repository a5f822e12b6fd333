import type { LookupAddress } from "node:dns";
import { lookup as systemLookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { isLoopbackAddress, isMetadataAddress } from "../../src/core/base-url.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";

export type Lookup = (host: string) => Promise<readonly LookupAddress[]>;

export interface AddressRule {
	/** Who is called, as people write it. */
	readonly provider: string;
	/** What can be done about it. */
	readonly advice: string;
	/** This machine's own addresses too. */
	readonly loopback: boolean;
}

const bySystem: Lookup = (host) => systemLookup(host, { all: true });

/** Throws VendorError for an address that is never called: a cloud machine's own credentials may lie there. */
export function checkAddress(rule: AddressRule, host: string, address: string): void {
	const kind = isMetadataAddress(address)
		? "a link-local or cloud metadata address"
		: !rule.loopback && isLoopbackAddress(address)
			? "an address of this machine"
			: null;
	if (kind !== null)
		throw new VendorError(
			"rejected",
			`${rule.provider} at ${host} leads to ${kind}, which is never called. ${rule.advice}`,
		);
}

/**
 * A look-up for connections: what it gives is what is connected to, so that a name cannot lead elsewhere between a check and the
 * connection. Hosts that are addresses are not looked up: `checkHost` is for them.
 */
export function checkedLookup(rule: AddressRule, lookup: Lookup = bySystem): LookupFunction {
	return (host, options, done) => {
		lookup(host)
			.then((addresses) => {
				for (const { address } of addresses) checkAddress(rule, host, address);
				const [first] = addresses;
				if (options.all === true) done(null, [...addresses]);
				else done(null, first?.address ?? "", first?.family ?? 0);
			})
			.catch((error: Error) => done(error, []));
	};
}

export function checkHost(rule: AddressRule, hostname: string): void {
	const bare = hostname.replace(/^\[|\]$/g, "");
	if (isIP(bare) !== 0) checkAddress(rule, hostname, bare);
}
