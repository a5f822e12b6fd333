import { isIPv6 } from "node:net";

/** Whose an address is: of IPv6 the half that is given to one customer. */
export function networkOf(address: string): string {
	if (!isIPv6(address) || address.includes(".")) return address;
	const [head = ""] = address.split("::");
	return head.split(":").slice(0, 4).join(":");
}
