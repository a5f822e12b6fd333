import type { Sql } from "./runs.ts";

const PREFIX = "configuration waits: ";

/** Keeps why a configuration is not applied yet, for who looks; null: it is. */
export async function noteWaiting(sql: Sql, what: string, because: readonly string[] | null): Promise<void> {
	const name = PREFIX + what;
	if (because === null) await sql.query("DELETE FROM setting WHERE name = $1", [name]);
	else
		await sql.query(
			"INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
			[name, because.join("\n")],
		);
}

/** At a start: a server that was killed may have left some. */
export async function forgetWaiting(sql: Sql): Promise<void> {
	await sql.query("DELETE FROM setting WHERE starts_with(name, $1)", [PREFIX]);
}

export async function waitingConfigurations(sql: Sql): Promise<{ what: string; because: string }[]> {
	const rows: { name: string; value: string }[] = await sql.query(
		"SELECT name, value FROM setting WHERE starts_with(name, $1) ORDER BY name",
		[PREFIX],
	);
	return rows.map(({ name, value }) => ({ what: name.slice(PREFIX.length), because: value }));
}
