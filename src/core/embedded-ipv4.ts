import { isIPv6 } from "node:net";

/** The IPv4 address that an IPv6 one stands for (mapped, compatible, NAT64, 6to4); null: none. */
export function embeddedIPv4(address: string): string | null {
	const groups = groupsOf(address);
	if (groups === null) return null;
	const [a, b, c, , , f, g, h] = groups;
	const startsAs = (...first: number[]) => first.every((group, n) => groups[n] === group);
	if (a === 0x2002) return dotted(b, c);
	const isWithin =
		startsAs(0x64, 0xff9b, 0, 0, 0, 0) ||
		startsAs(0x64, 0xff9b, 1) ||
		startsAs(0, 0, 0, 0, 0xffff, 0) ||
		(startsAs(0, 0, 0, 0, 0) && (f === 0 || f === 0xffff) && !(f === 0 && g === 0));
	return isWithin ? dotted(g, h) : null;
}

function dotted(high = 0, low = 0): string {
	return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** Its eight groups. */
function groupsOf(address: string): readonly number[] | null {
	const [bare = ""] = address.split("%");
	if (!isIPv6(bare)) return null;
	// URL writes each address in one way: hex groups, the longest row of zeros as `::`.
	const text = new URL(`http://[${bare}]`).hostname.slice(1, -1);
	const [left = [], right = []] = text.split("::").map((half) => (half === "" ? [] : half.split(":")));
	const zeros = text.includes("::") ? Array.from({ length: 8 - left.length - right.length }, () => "0") : [];
	return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}
