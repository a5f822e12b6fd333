import type { Role } from "../core/access.ts";
import type { Store } from "../open-store.ts";
import { CallIsOff, Sentence } from "../sentence.ts";
import { type ApiTokenRow, IntegrationTable } from "../store/entities.ts";
import { createToken, listTokens, revokeToken } from "../store/tokens.ts";
import { terminalActor } from "./apply.ts";
import { type Cli, type ExitCode, printJson, withStore } from "./cli.ts";

export interface CreateOptions {
	readonly name: string;
	readonly role?: Exclude<Role, "emergency">;
	readonly runner: boolean;
	/** Slug: it takes work of this one alone, and pipelines add lines to the logs of its runs. */
	readonly integration?: string;
	readonly email?: string;
	/** Globs of where the role holds; absent: everywhere. */
	readonly projects?: readonly string[];
	readonly environments?: readonly string[];
	/** Milliseconds. */
	readonly expires?: number;
	readonly json: boolean;
}

/** `draven token create`: the token is shown once. */
export async function createTokenCommand(cli: Cli, options: CreateOptions): Promise<ExitCode> {
	const { role, runner } = options;
	if (runner === (role !== undefined))
		throw new CallIsOff("Say what the token may: --role viewer|operator|approver|admin, or --runner.");
	if (!runner && options.integration !== undefined) throw new CallIsOff("--integration goes with --runner.");
	const reach =
		options.projects === undefined && options.environments === undefined
			? null
			: { projects: options.projects ?? ["*"], environments: options.environments ?? ["*"] };
	if (runner && reach !== null)
		throw new CallIsOff("--projects and --environments go with --role: a runner is bound by --integration.");
	return withStore<ExitCode>(cli, async (store) => {
		const may =
			role === undefined
				? { runnerOf: await integrationId(store, options.integration) }
				: { role, ...(reach === null ? {} : { reach }) };
		const now = cli.now();
		const { row, plain } = await createToken(
			{ ...store, now: cli.now },
			{
				...{ name: options.name, may, email: options.email?.toLowerCase() ?? null, actor: terminalActor() },
				expiresAt: options.expires === undefined ? null : new Date(now.getTime() + options.expires),
			},
		);
		if (options.json) printJson(cli, { ...shown(row), token: plain });
		else {
			cli.print(`${plain}\n`);
			cli.tell("Keep it now: it is not shown again. `draven token revoke` ends it.\n");
			if (role !== undefined && role !== "viewer" && options.email === undefined) cli.tell(NOBODYS);
		}
		return 0;
	});
}

const NOBODYS =
	"It belongs to no person, so it counts as one of its own: whoever holds it could approve in chat what it asked for. " +
	"Is it somebody's own token, make it with --email <their address>.\n";

async function integrationId(store: Store, slug: string | undefined): Promise<string | null> {
	if (slug === undefined) return null;
	const row = await store.db.getRepository(IntegrationTable).findOneBy({ slug });
	if (row === null) throw new Sentence(`There is no integration "${slug}": add it in draven.yaml.`);
	return row.id;
}

function shown(row: ApiTokenRow) {
	return {
		...{ id: row.id, name: row.name, kind: row.kind, role: row.role },
		...{ projects: row.projects, environments: row.environments, createdAt: row.createdAt.toISOString() },
		expiresAt: row.expiresAt?.toISOString() ?? null,
		revokedAt: row.revokedAt?.toISOString() ?? null,
	};
}

/** `draven token list` */
export async function listTokensCommand(cli: Cli, options: { readonly json: boolean }): Promise<ExitCode> {
	return withStore<ExitCode>(cli, async (store) => {
		const rows = await listTokens(store.db);
		if (options.json) printJson(cli, { items: rows.map(shown), next: null });
		else if (rows.length === 0) cli.print("There is no token yet: draven token create --help\n");
		else for (const row of rows) cli.print(`${tokenLine(row, cli.now())}\n`);
		return 0;
	});
}

function tokenLine(row: ApiTokenRow, now: Date): string {
	const ended = row.expiresAt !== null && row.expiresAt <= now ? "expired" : "valid";
	const state = row.revokedAt === null ? ended : "revoked";
	return `${row.id}  ${state.padEnd(8)} ${(row.role ?? "runner").padEnd(9)} ${row.createdAt.toISOString().slice(0, 10)}  ${row.name}${whereOf(row)}`;
}

function whereOf({ projects, environments }: ApiTokenRow): string {
	return projects === null || environments === null ? "" : ` (${projects.join(",")} / ${environments.join(",")})`;
}

/** `draven token revoke <id>` */
export async function revokeTokenCommand(cli: Cli, id: string, options: { readonly json: boolean }): Promise<ExitCode> {
	if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id))
		throw new CallIsOff("A token is named by its id; `draven token list` shows them.");
	return withStore<ExitCode>(cli, async (store) => {
		if (!(await revokeToken({ ...store, now: cli.now }, id, terminalActor())))
			throw new Sentence("There is no such token; `draven token list` shows them.");
		if (options.json) printJson(cli, { id, revoked: true });
		else cli.print("Revoked: it is refused from now on.\n");
		return 0;
	});
}
