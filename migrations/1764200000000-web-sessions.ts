import type { MigrationInterface, QueryRunner } from "typeorm";

/** The ways into the web page: links that are good once, and the sessions of browsers. Of both only hashes are kept. */
export class WebSessions1764200000000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		const whose = `person_id uuid NOT NULL CONSTRAINT %_person REFERENCES person(id),
			platform text NOT NULL,
			tenant text NOT NULL,
			external_id text NOT NULL,
			role text CONSTRAINT %_role_known CHECK (role = 'admin')`;
		await db.query(`CREATE TABLE sign_in_link (
			hash bytea PRIMARY KEY,
			${whose.replaceAll("%", "sign_in_link")},
			created_at timestamptz NOT NULL,
			expires_at timestamptz NOT NULL,
			used_at timestamptz
		)`);
		await db.query("CREATE INDEX sign_in_link_by_age ON sign_in_link (expires_at)");
		await db.query(`CREATE TABLE web_session (
			hash bytea PRIMARY KEY,
			${whose.replaceAll("%", "web_session")},
			created_at timestamptz NOT NULL,
			seen_at timestamptz NOT NULL,
			expires_at timestamptz NOT NULL
		)`);
		await db.query("CREATE INDEX web_session_by_person ON web_session (person_id)");
		await db.query("CREATE INDEX web_session_by_age ON web_session (expires_at)");
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("DROP TABLE web_session");
		await db.query("DROP TABLE sign_in_link");
	}
}
