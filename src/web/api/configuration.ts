import { z } from "zod";
import { changeEntry, find } from "../../configuration/change-entry.ts";
import { readItems } from "../../configuration/current.ts";
import type { Kind, StoredItem } from "../../configuration/items.ts";
import { entryOf } from "../../configuration/read-entry.ts";
import { ENTRIES } from "../../configuration/schema.ts";
import { versionOf } from "../../configuration/version-of.ts";
import { inScope } from "../../core/access.ts";
import { refusal } from "../../core/refusal.ts";
import { actorOf, reachOf } from "../../use-cases/identify.ts";
import { type Reply, refusalReply } from "../problem.ts";
import { adminOf } from "./admin-of.ts";
import { CONFIGURED, listOf } from "./answers.ts";
import { type Call, type Endpoint, endpoint } from "./endpoint.ts";
import { pageOf } from "./page-of.ts";
import { EnvironmentsQuery, PageQuery } from "./schemas.ts";

type Wanted = Parameters<typeof changeEntry>[1];
type Entry = Readonly<Record<string, unknown>>;

/** Checked when it is merged with what is there, by the schemas of draven.yaml. */
const AnyEntry = z.record(z.string(), z.unknown());

const RESOURCES: readonly { readonly kind: Kind; readonly path: string; readonly noun: string }[] = [
	{ kind: "project", path: "/projects", noun: "project" },
	{ kind: "environment", path: "/environments", noun: "environment" },
	{ kind: "policy", path: "/policies", noun: "policy" },
	{ kind: "integration", path: "/integrations", noun: "integration" },
	{ kind: "access", path: "/access", noun: "access binding" },
];

/** What a new entry is made of. */
const BODIES: Record<Kind, z.ZodType> = {
	...ENTRIES,
	environment: ENTRIES.environment.extend({ project: z.string().describe("Whose environment it is.") }),
};

/** The configuration, entry by entry, as it stands in a draven.yaml. What a file manages is read alone. */
export const configurationEndpoints: readonly Endpoint[] = RESOURCES.flatMap(({ kind, path, noun }) => {
	const named = `an ${noun}`.replace(/^an (?![aeiou])/, "a ");
	const one = (id: string) => [
		endpoint({
			method: "GET",
			path: `${path}/${id}`,
			summary: `Show ${named}`,
			answers: { 200: CONFIGURED[kind] },
			handle: (call) => show(call, kind, noun),
		}),
		endpoint({
			method: "PUT",
			ifMatch: true,
			path: `${path}/${id}`,
			summary: `Write ${named} anew`,
			body: AnyEntry,
			answers: { 200: CONFIGURED[kind] },
			handle: (call) => change(call, { kind, action: "replace", name: call.id, entry: call.body }),
		}),
		endpoint({
			method: "PATCH",
			ifMatch: true,
			path: `${path}/${id}`,
			summary: `Change a part of ${named}: null takes away, a list replaces a list (RFC 7396)`,
			body: AnyEntry,
			answers: { 200: CONFIGURED[kind] },
			handle: (call) => change(call, { kind, action: "merge", name: call.id, entry: call.body }),
		}),
		endpoint({
			method: "DELETE",
			ifMatch: true,
			path: `${path}/${id}`,
			summary: `Remove ${named}`,
			answers: { 204: null },
			handle: (call) => change(call, { kind, action: "remove", name: call.id }),
		}),
	];
	return [
		endpoint({
			method: "GET",
			path,
			summary: `Every ${noun}`,
			query: kind === "environment" ? EnvironmentsQuery : PageQuery,
			answers: { 200: listOf(CONFIGURED[kind]) },
			handle: (call) => list(call, kind, call.query),
		}),
		endpoint({
			method: "POST",
			path,
			summary: `Make ${named}`,
			body: AnyEntry,
			bodyDescribed: BODIES[kind],
			answers: { 201: CONFIGURED[kind] },
			handle: (call) => change(call, { kind, action: "create", entry: call.body }),
		}),
		...one(":id"),
		// An environment is called by its project and slug, or by its id.
		...(kind === "environment" ? one(":project/:environment") : []),
	];
});

async function list(
	call: Call<unknown, unknown>,
	kind: Kind,
	query: z.output<typeof PageQuery> & { readonly project?: string | undefined },
): Promise<Reply> {
	const no = await mayNotRead(call, kind);
	if (no !== null) return no;
	const alive = await readSeen(call);
	const all = alive
		.filter((one) => one.kind === kind)
		.filter((one) => query.project === undefined || one.name.startsWith(`${query.project}/`));
	const page = pageOf(all, query, ({ id }) => id);
	if (!page.ok) return refusalReply(page.refusal);
	const { items, next } = page.value;
	return { status: 200, body: { items: items.map((one) => json(one, alive)), next } };
}

async function show(call: Call<unknown, unknown>, kind: Kind, noun: string): Promise<Reply> {
	const no = await mayNotRead(call, kind);
	if (no !== null) return no;
	const alive = await readSeen(call);
	const found = find(alive, kind, call.id);
	return found === null
		? refusalReply(refusal(`unknown_${kind}`, `There is no ${noun} of this name.`))
		: { status: 200, body: json(found, alive), headers: etag(found, alive) };
}

async function change({ deps, token, settle, ifMatch }: Call<unknown, unknown>, wanted: Wanted): Promise<Reply> {
	const admin = await adminOf(deps, token);
	if (!admin.ok) return refusalReply(admin.refusal);
	const caller = admin.value;
	const wish = await withoutShown(deps, wanted);
	let reply: Reply = { status: 204 };
	// Two tries of one Idempotency-Key make one binding, which has no name to be known by.
	const outcome = await changeEntry(
		deps,
		{ ...wish, version: ifMatch ?? undefined },
		actorOf(caller),
		(tx, item, alive) => {
			if (item !== null) reply = answerOf(wish, item, alive);
			return settle(tx, reply);
		},
	);
	return outcome.ok ? reply : refusalReply(outcome.refusal);
}

/** What an answer says beside the entry is no part of it: whoever reads one, changes it and sends it back changes that alone. */
async function withoutShown({ db, box }: Call<unknown, unknown>["deps"], wish: Wanted): Promise<Wanted> {
	if ((wish.action !== "replace" && wish.action !== "merge") || wish.entry["id"] === undefined) return wish;
	const found = find(await readItems(db.manager, box), wish.kind, wish.name);
	const { id, managedBy: _, ...entry } = wish.entry;
	return found?.id === id ? { ...wish, entry } : wish;
}

function answerOf({ action, kind }: Wanted, item: StoredItem, alive: readonly StoredItem[]): Reply {
	const body = json(item, alive);
	if (action !== "create") return { status: 200, body, headers: etag(item, alive) };
	const path = RESOURCES.find((one) => one.kind === kind)?.path ?? "";
	return { status: 201, body, headers: { ...etag(item, alive), location: `/api/v1${path}/${item.id}` } };
}

/** How programs are connected and who may what is for admins, as on the page. */
async function mayNotRead({ deps, token }: Call<unknown, unknown>, kind: Kind): Promise<Reply | null> {
	if (kind !== "integration" && kind !== "access") return null;
	const admin = await adminOf(deps, token);
	return admin.ok ? null : refusalReply(admin.refusal);
}

/** What there is, as far as the token reaches: environments, and projects that have one of them. */
async function readSeen({ deps, token }: Call<unknown, unknown>): Promise<StoredItem[]> {
	const alive = (await readItems(deps.db.manager, deps.box)).filter((one) => !one.archived);
	const reach = reachOf(token);
	if (reach === null) return alive;
	const seen = new Set<string>();
	for (const one of alive) {
		const [project = "", environment] = one.name.split("/");
		if (one.kind !== "environment" || environment === undefined || !inScope(reach, { project, environment })) continue;
		seen.add(one.name);
		seen.add(project);
	}
	return alive.filter((one) => (one.kind !== "environment" && one.kind !== "project") || seen.has(one.name));
}

function etag(item: StoredItem, alive: readonly StoredItem[]) {
	return { etag: `"${versionOf(item, alive)}"` };
}

function json(item: StoredItem, alive: readonly StoredItem[]): Entry {
	return { id: item.id, ...entryOf(item, alive), managedBy: item.managedBy };
}
