import type { MigrationInterface, QueryRunner } from "typeorm";

/** The verified addresses that an account had before: whoever changes theirs stays the same human. */
export class FormerAddresses1764210750000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query(
			`CREATE TABLE former_address (
				platform text NOT NULL,
				tenant text NOT NULL,
				external_id text NOT NULL,
				email text NOT NULL,
				held_until timestamptz NOT NULL,
				PRIMARY KEY (platform, tenant, external_id, email),
				CONSTRAINT former_address_identity FOREIGN KEY (platform, tenant, external_id)
					REFERENCES identity (platform, tenant, external_id) ON DELETE CASCADE
			)`,
		);
		await db.query("CREATE INDEX former_address_by_email ON former_address (email)");
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("DROP TABLE former_address");
	}
}
