import { lookup as systemLookup } from "node:dns/promises";
import { isMetadataAddress } from "../../src/core/base-url.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";

export type Lookup = (host: string) => Promise<readonly { readonly address: string }[]>;

const bySystem: Lookup = (host) => systemLookup(host, { all: true });

/**
 * A name that is configured well may lead to a cloud machine's own credentials by the time it is called. Throws VendorError; a name that
 * is not known is left to the call, which says so.
 */
export async function checkAddress(provider: string, host: string, lookup: Lookup = bySystem): Promise<void> {
	const bare = host.replace(/^\[|\]$/g, "");
	const addresses = await lookup(bare).catch(() => []);
	if (addresses.some(({ address }) => isMetadataAddress(address)))
		throw new VendorError(
			"rejected",
			`${provider} at ${host} leads to a link-local or cloud metadata address, which is never called. Check the baseUrl.`,
		);
}
