import type { MigrationInterface, QueryRunner } from "typeorm";

/** When an integration was last heard of, and what became of it: four rows an integration at most. */
export class WebhookDeliveries1764210100000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		await db.query(`CREATE TABLE webhook_delivery (
			integration_id uuid NOT NULL CONSTRAINT webhook_delivery_integration REFERENCES integration(id) ON DELETE CASCADE,
			outcome text NOT NULL CONSTRAINT webhook_delivery_outcome_known
				CHECK (outcome IN ('taken','seen_before','ignored','bad_signature')),
			at timestamptz NOT NULL,
			PRIMARY KEY (integration_id, outcome)
		)`);
	}

	async down(db: QueryRunner): Promise<void> {
		await db.query("DROP TABLE webhook_delivery");
	}
}
