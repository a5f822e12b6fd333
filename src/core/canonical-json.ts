/** JSON with sorted keys and no white space: equal values give equal texts. Undefined members are left out, as JSON does. */
export function canonicalJson(value: unknown): string {
	return JSON.stringify(value, (_key, member: unknown) =>
		member !== null && typeof member === "object" && !Array.isArray(member)
			? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
			: member,
	);
}
