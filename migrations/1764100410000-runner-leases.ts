import type { MigrationInterface, QueryRunner } from "typeorm";

/** A lease belongs to the token by which the work was claimed. Null: nobody claimed it, or a version before this one gave it. */
export class RunnerLeases1764100410000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query(
			"ALTER TABLE runner_work ADD COLUMN lease_token uuid CONSTRAINT runner_work_lease_token REFERENCES api_token(id)",
		);
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("ALTER TABLE runner_work DROP COLUMN lease_token");
	}
}
