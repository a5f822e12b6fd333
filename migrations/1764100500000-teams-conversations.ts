import type { MigrationInterface, QueryRunner } from "typeorm";

/** How Microsoft's servers reach channels, threads and people: they tell it with what they send, and it has to survive a restart. */
export class TeamsConversations1764100500000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query(`CREATE TABLE teams_conversation (
			kind text NOT NULL CONSTRAINT teams_conversation_kind_known CHECK (kind IN ('channel','thread','personal')),
			id text NOT NULL,
			tenant text NOT NULL,
			service_url text NOT NULL,
			conversation_id text NOT NULL,
			bot_id text NOT NULL,
			team_id text,
			aad_group_id text,
			activity_id text,
			user_id text,
			user_name text,
			heard_at timestamptz NOT NULL,
			PRIMARY KEY (kind, id)
		)`);
		await db.query("CREATE INDEX teams_conversation_by_heard ON teams_conversation (heard_at)");
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("DROP TABLE teams_conversation");
	}
}
