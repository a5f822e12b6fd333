import type { MigrationInterface, QueryRunner } from "typeorm";

/** Where a commit has succeeded is asked with each request, and of many commits at once by what a policy would change. */
export class RunByCommit1764300300000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query(
			"CREATE INDEX run_by_commit ON run (project_id, sha) WHERE state = 'succeeded' AND type <> 'dry-run'",
		);
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("DROP INDEX run_by_commit");
	}
}
