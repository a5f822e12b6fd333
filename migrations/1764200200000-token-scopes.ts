import type { MigrationInterface, QueryRunner } from "typeorm";

/** Where a token's role holds. Null, as for all that were made before: everywhere. */
export class TokenScopes1764200200000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query("ALTER TABLE api_token ADD COLUMN projects text[], ADD COLUMN environments text[]");
		await db.query(
			`ALTER TABLE api_token ADD CONSTRAINT api_token_scope_whole CHECK (
				(projects IS NULL AND environments IS NULL)
				OR (kind = 'api' AND cardinality(projects) > 0 AND cardinality(environments) > 0)
			)`,
		);
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("ALTER TABLE api_token DROP COLUMN projects, DROP COLUMN environments");
	}
}
