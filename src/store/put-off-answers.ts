import type { PutOffAnswers } from "../ports/put-off-answers.ts";
import { enqueue, hasOpenInOrder } from "./jobs.ts";
import type { Sql } from "./runs.ts";

/** What could not be told in Teams becomes a job like every message. */
export function putOffAnswers(sql: Sql, now: () => Date, wake: () => void): PutOffAnswers {
	return {
		async keep({ body, ...keys }) {
			await enqueue(sql, { kind: "teams_answer", ...keys, payload: body }, now());
			wake();
		},
		wait: (orderKey) => hasOpenInOrder(sql, orderKey),
	};
}
