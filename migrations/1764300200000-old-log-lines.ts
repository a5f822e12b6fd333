import type { MigrationInterface, QueryRunner } from "typeorm";

/** Those who clean up find the old lines without looking at the others. Lines that came together share an entry: it is small. */
export class OldLogLines1764300200000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query("CREATE INDEX run_log_by_age ON run_log (at)");
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("DROP INDEX run_log_by_age");
	}
}
