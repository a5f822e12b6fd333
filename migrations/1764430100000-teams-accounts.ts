import type { MigrationInterface, QueryRunner } from "typeorm";

/** Teams' own ids of people, which cards have to name them by: it tells them by the way, and they cannot be worked out. */
export class TeamsAccounts1764430100000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query(`CREATE TABLE teams_account (
			tenant text NOT NULL,
			person text NOT NULL,
			user_id text NOT NULL,
			heard_at timestamptz,
			PRIMARY KEY (tenant, person)
		)`);
		await db.query(
			"CREATE INDEX teams_account_by_heard ON teams_account (tenant, heard_at) WHERE heard_at IS NOT NULL",
		);
		await db.query(`INSERT INTO teams_account (tenant, person, user_id, heard_at)
			SELECT DISTINCT ON (lower(tenant), lower(id)) lower(tenant), lower(id), user_id, heard_at
			FROM teams_conversation WHERE kind = 'personal' AND user_id IS NOT NULL
			ORDER BY lower(tenant), lower(id), heard_at DESC`);
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("DROP TABLE teams_account");
	}
}
