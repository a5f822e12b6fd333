/** Postgres ends a statement after this time, ms: one that hangs must not hold an environment's mutex for ever. */
const STATEMENT_MS = 30_000;
/** We give up on an answer a little later, ms: then it is the network that swallows it, and nobody else would ever say so. */
const ANSWER_MS = 35_000;

/** What every connection of ours has: nothing that goes silent keeps anybody waiting without an end. */
export const CONNECTION_OPTIONS = {
	connectionTimeoutMillis: 10_000,
	statement_timeout: STATEMENT_MS,
	query_timeout: ANSWER_MS,
	idle_in_transaction_session_timeout: 60_000,
	keepAlive: true,
	keepAliveInitialDelayMillis: 10_000,
};
