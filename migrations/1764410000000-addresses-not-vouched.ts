import type { MigrationInterface, QueryRunner } from "typeorm";

/** Addresses that an account has and that nobody verified: they keep one human from deciding twice, and give nobody anything. */
export class AddressesNotVouched1764410000000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query("ALTER TABLE former_address ADD COLUMN vouched boolean NOT NULL DEFAULT true");
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("DELETE FROM former_address WHERE NOT vouched");
		await db.query("ALTER TABLE former_address DROP COLUMN vouched");
	}
}
