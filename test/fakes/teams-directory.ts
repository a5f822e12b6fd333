export type Json = Readonly<Record<string, unknown>>;

export interface TeamsUser {
	readonly displayName: string;
	readonly mail: string | null;
	readonly userPrincipalName: string;
	readonly userType: string | null;
	readonly accountEnabled: boolean;
}

/** The people and groups of a tenant, as Microsoft Graph answers of them. */
export class TeamsDirectory {
	readonly users = new Map<string, TeamsUser>();
	/** Members are users, or groups again. */
	readonly groups = new Map<string, Set<string>>();
	/** The host that the next page of a list is said to be at; null: where the list is. */
	nextPageAt: string | null = null;
	/** Every call of checkMemberGroups: the groups it asked for. */
	readonly checked: string[][] = [];

	user(id: string, more: Partial<TeamsUser> = {}): void {
		this.users.set(id, {
			...{ displayName: id, mail: null, userPrincipalName: `${id.toLowerCase()}@acme.test` },
			...{ userType: "Member", accountEnabled: true, ...more },
		});
	}

	group(id: string, ...members: string[]): void {
		this.groups.set(id, new Set(members));
	}

	/** `GET /groups/{id}/transitiveMembers/microsoft.graph.user`, a page of it; `self` is its address. */
	members(group: string, query: URLSearchParams, eventual: boolean, self: string): { status: number; body: Json } {
		// A list of one kind of members alone is an "advanced query".
		if (!eventual || query.get("$count") !== "true")
			return { status: 400, body: { error: { code: "Request_UnsupportedQuery" } } };
		if (!this.groups.has(group)) return { status: 404, body: { error: { code: "Request_ResourceNotFound" } } };
		const wanted = (query.get("$select") ?? "").split(",");
		const all = [...this.users].filter(([id]) => this.#isIn(id, group));
		const [from, size] = [Number(query.get("$skiptoken") ?? 0), Number(query.get("$top") ?? 100)];
		const value = all.slice(from, from + size).map(([id, user]) => {
			const whole: Json = { id, ...user };
			return Object.fromEntries(wanted.map((name) => [name, whole[name]]));
		});
		const rest = new URLSearchParams(query);
		rest.set("$skiptoken", String(from + size));
		const more = from + size < all.length ? { "@odata.nextLink": `${this.nextPageAt ?? self}?${rest}` } : {};
		return { status: 200, body: { "@odata.count": all.length, ...more, value } };
	}

	answer(method: string, path: string, body: Json): { status: number; body: Json } {
		if (method === "GET" && (path === "/users" || path === "/groups")) return { status: 200, body: { value: [] } };
		const group = /^\/groups\/([^/]+)$/.exec(path)?.[1];
		if (group !== undefined)
			return this.groups.has(group)
				? { status: 200, body: { id: group, displayName: `Group ${group}`, securityEnabled: true } }
				: { status: 404, body: { error: { code: "Request_ResourceNotFound" } } };
		const [, id = "", rest = ""] = /^\/users\/([^/?]+)(\/checkMemberGroups)?/.exec(path) ?? [];
		const user = this.users.get(decodeURIComponent(id));
		if (user === undefined) return { status: 404, body: { error: { code: "Request_ResourceNotFound" } } };
		if (method === "GET" && rest === "") return { status: 200, body: { id, ...user } };
		const wanted = body["groupIds"] as string[];
		this.checked.push(wanted);
		if (wanted.length > 20 || wanted.some((group) => group.includes(" ")))
			return { status: 400, body: { error: { code: "Request_BadRequest" } } };
		const value = wanted.filter((group) => this.#isIn(decodeURIComponent(id), group));
		return { status: 200, body: { value } };
	}

	#isIn(id: string, group: string): boolean {
		const members = this.groups.get(group);
		return members !== undefined && (members.has(id) || [...members].some((inner) => this.#isIn(id, inner)));
	}
}
