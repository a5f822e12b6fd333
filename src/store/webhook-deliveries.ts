import type { Sql } from "./runs.ts";

/** What became of a delivery: `bad_signature` is of a stranger, or of somebody with another secret. */
export type DeliveryOutcome = "taken" | "seen_before" | "ignored" | "bad_signature";
export type LastDeliveries = Readonly<Partial<Record<DeliveryOutcome, Date>>>;

/** Far less often than a busy provider speaks: it is looked at by people. */
const NOTED_EVERY_MS = 2_000;

/** Notes when an integration was heard of last. It is never waited for: what is noted is worth less than a quick answer. */
export function deliveryNotes(
	sql: Sql,
	now: () => Date,
	failed: (error: unknown) => void,
): (integrationId: string, outcome: DeliveryOutcome) => void {
	const notedAt = new Map<string, number>();
	return (integrationId, outcome) => {
		const key = `${integrationId} ${outcome}`;
		const at = performance.now();
		if (at < (notedAt.get(key) ?? Number.NEGATIVE_INFINITY) + NOTED_EVERY_MS) return;
		notedAt.set(key, at);
		// Of an integration that was removed this very moment nothing is noted.
		sql
			.query(
				`INSERT INTO webhook_delivery (integration_id, outcome, at) SELECT id, $2, $3 FROM integration WHERE id = $1
				 ON CONFLICT (integration_id, outcome) DO UPDATE SET at = greatest(webhook_delivery.at, $3)`,
				[integrationId, outcome, now()],
			)
			.catch(failed);
	};
}

/** When each integration was last heard of, by its id. */
export async function lastDeliveries(sql: Sql): Promise<ReadonlyMap<string, LastDeliveries>> {
	const rows: { integration_id: string; outcome: DeliveryOutcome; at: Date }[] = await sql.query(
		"SELECT integration_id, outcome, at FROM webhook_delivery",
	);
	const found = new Map<string, LastDeliveries>();
	for (const { integration_id: id, outcome, at } of rows) found.set(id, { ...found.get(id), [outcome]: at });
	return found;
}

/** The last one that was signed as it should be; null: none ever was. */
export function lastVerified({ taken, seen_before: seenBefore, ignored }: LastDeliveries): Date | null {
	const times = [taken, seenBefore, ignored].flatMap((at) => (at === undefined ? [] : [at.getTime()]));
	return times.length === 0 ? null : new Date(Math.max(...times));
}
