import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { MIGRATIONS } from "../../migrations/index.ts";
import { ENTITIES } from "../../src/store/entities.ts";
import { openShelf, type Shelf } from "./shelf.ts";

let shelf: Shelf;
beforeAll(async () => {
	shelf = await openShelf();
});
afterAll(() => shelf.close());

/** Spoken to in SQL alone, and so without an entity. What they promise is held by their constraints, which other tests break. */
const IN_SQL_ALONE = [
	...["approval", "audit_entry", "chain_head", "environment_lock", "former_address", "idempotent_answer", "job", "run"],
	...["run_card", "run_log", "run_progress", "runner", "runner_work", "teams_account", "teams_conversation"],
	...["sign_in_link", "web_session", "webhook_delivery"],
];

describe("the schema", () => {
	test("of the entities is what the migrations made", async () => {
		const { upQueries } = await shelf.db.driver.createSchemaBuilder().log();
		expect(upQueries.map(({ query }) => query)).toEqual([]);
	});

	test("has no table that nobody thought of", async () => {
		const rows: { name: string }[] = await shelf.db.query(
			"SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
		);
		const known = [...ENTITIES.map((entity) => entity.options.name), ...IN_SQL_ALONE, "migrations"];
		expect(rows.map(({ name }) => name)).toEqual(known.sort());
	});

	test("names every constraint, so that an error can be told from another", async () => {
		const rows: { name: string }[] = await shelf.db.query(
			`SELECT conrelid::regclass || ': ' || conname AS name FROM pg_constraint
			 WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'u') AND conname ~ '(_check|_fkey|_key)\\d*$'`,
		);
		expect(rows).toEqual([]);
	});

	test("is what the listed migrations made, in the order of time", async () => {
		const rows: { name: string }[] = await shelf.db.query("SELECT name FROM migrations ORDER BY timestamp");
		expect(rows.map(({ name }) => name)).toEqual(MIGRATIONS.map((migration) => migration.name));
	});
});

describe("what a person typed is known by its slug, once", () => {
	const doubles: readonly (readonly [string, string])[] = [
		["integration_slug", "INSERT INTO integration SELECT gen_random_uuid(), slug, provider, base_url FROM integration"],
		[
			"project_slug",
			"INSERT INTO project SELECT gen_random_uuid(), slug, name, integration_id, repository, pipeline, default_ref, managed_by FROM project",
		],
		[
			"api_token_role_with_kind",
			"INSERT INTO api_token SELECT gen_random_uuid(), 't', 'api', NULL, id, NULL, 'x' FROM person",
		],
		[
			"api_token_role_with_kind",
			"INSERT INTO api_token SELECT gen_random_uuid(), 't', 'runner', 'admin', id, NULL, 'x' FROM person",
		],
		["identity_platform_known", "INSERT INTO identity SELECT 'irc', 't', 'e', id FROM person"],
		["identity_person", "INSERT INTO identity VALUES ('slack', 't', 'e', gen_random_uuid())"],
	];
	test.each(doubles)("%s", async (constraint, statement) => {
		const managed = statement.replace("base_url FROM", "base_url, settings, secrets, managed_by FROM");
		await expect(shelf.db.query(managed)).rejects.toThrow(constraint);
	});
});
