import type { MigrationInterface, QueryRunner } from "typeorm";

/** Which run of which environment a run was promoted from: `{ "run": 12, "environment": "stage" }`. */
export class PromotedFrom1764420000000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query("ALTER TABLE run ADD COLUMN promoted_from jsonb");
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("ALTER TABLE run DROP COLUMN promoted_from");
	}
}
