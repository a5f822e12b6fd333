import { z } from "zod";
import { type Finding, fine, warning, wrong } from "../../src/ports/checkup.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";
import { botFramework } from "./bot-framework.ts";
import { createGraph, GRAPH, type Graph } from "./graph.ts";
import type { TeamsApp } from "./teams-app.ts";
import { refusalOf } from "./teams-error.ts";

export interface ExamineOptions {
	readonly app: TeamsApp;
	/** Null: Microsoft's. */
	readonly graphBaseUrl: string | null;
}

const PERMISSIONS = [
	{ name: "User.Read.All", path: "/users?$top=1&$select=id", without: "nobody is known, so nobody may do anything" },
	{
		name: "GroupMember.Read.All",
		path: "/groups?$top=1&$select=id",
		without: "roles that are bound to Entra groups cannot be read",
	},
] as const;

/** What `draven doctor` says of Teams: the bot's credentials, and the permissions that reading people and groups takes. */
export async function examineTeams({ app, graphBaseUrl }: ExamineOptions): Promise<Finding[]> {
	const framework = botFramework(app);
	const { tokens } = framework;
	const check = "Teams credentials";
	if (tokens === null) return [wrong(check, "there are none", "Set MicrosoftAppId and MicrosoftAppPassword.")];
	const problem = await problemOf(() => tokens.get(`${framework.oauthScope}/.default`));
	if (problem !== null)
		return [
			wrong(
				check,
				problem.message,
				problem.passing
					? "Check the network and proxies of this machine."
					: "Entra admin centre, App registrations, the bot: compare the ids, and make a new client secret if the old one has expired.",
			),
		];
	const graph = createGraph(graphBaseUrl ?? GRAPH, tokens);
	const findings = [fine(check, "Microsoft accepts them")];
	for (const permission of PERMISSIONS) findings.push(await examinePermission(graph, permission));
	return findings;
}

async function examinePermission(
	graph: Graph,
	{ name, path, without }: (typeof PERMISSIONS)[number],
): Promise<Finding> {
	const check = `Graph permission ${name}`;
	const problem = await problemOf(() => graph.get(path));
	if (problem === null) return fine(check, "it is granted");
	if (problem.kind !== "unauthorized") return wrong(check, problem.message, "Check the network, and GRAPH_BASE_URL.");
	return wrong(
		check,
		`it is missing: ${without}`,
		`Entra admin centre, App registrations, the bot, API permissions: add the application permission ${name} of Microsoft Graph, and grant an admin's consent.`,
	);
}

const Group = z.object({ displayName: z.string().nullish(), securityEnabled: z.boolean().nullish() });

/** Whether the groups that roles are bound to are there, each. */
export async function examineEntraGroups(
	{ app, graphBaseUrl }: ExamineOptions,
	ids: readonly string[],
): Promise<Finding[]> {
	const graph = createGraph(graphBaseUrl ?? GRAPH, botFramework(app).tokens);
	const findings: Finding[] = [];
	for (const id of ids) findings.push(await examineGroup(graph, id));
	return findings;
}

async function examineGroup(graph: Graph, id: string): Promise<Finding> {
	const check = `Entra group ${id}`;
	const mend = "Correct its object id under access in draven.yaml, and apply it again.";
	try {
		const told = await graph.get(`/groups/${encodeURIComponent(id)}?$select=id,displayName,securityEnabled`);
		if (told === null) return wrong(check, "the directory has no such group, so nobody has its roles", mend);
		const { displayName, securityEnabled } = Group.parse(told);
		const name = displayName ?? "a group without a name";
		return securityEnabled === false
			? warning(check, `${name} is no security group: its owners may let in whom they like`, mend)
			: fine(check, name);
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		if (refusalOf(error)?.status === 400) return wrong(check, "this is no object id of Entra", mend);
		return wrong(check, error.message, "Mend what stands above, and look again.");
	}
}

async function problemOf(act: () => Promise<unknown>): Promise<VendorError | null> {
	try {
		await act();
		return null;
	} catch (error) {
		if (error instanceof VendorError) return error;
		throw error;
	}
}
