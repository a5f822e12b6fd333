import type { MigrationInterface, QueryRunner } from "typeorm";

/** People are known by their accounts at providers too: who wrote a commit is told by those. */
export class ProviderLogins1764100100000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await known(db, "'slack','teams','local','token','email','github','gitlab','bitbucket','runner'");
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("DELETE FROM identity WHERE platform IN ('github','gitlab','bitbucket','runner')");
		await known(db, "'slack','teams','local','token','email'");
	}
}

async function known(db: QueryRunner, platforms: string): Promise<void> {
	await db.query("ALTER TABLE identity DROP CONSTRAINT identity_platform_known");
	await db.query(`ALTER TABLE identity ADD CONSTRAINT identity_platform_known CHECK (platform IN (${platforms}))`);
}
