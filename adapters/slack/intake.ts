import type { Logger } from "pino";
import type { InboxItem } from "../../src/ports/inbox.ts";
import { type Body, textAt } from "./body.ts";
import { withDelivery } from "./delivery-id.ts";
import { FORM, formProblems } from "./form.ts";
import { REJECT, rejectProblems } from "./reject-form.ts";

/** What Slack is answered. */
export interface IntakeReply {
	readonly ok: boolean;
	readonly body?: unknown;
}

export interface IntakeOptions {
	/** One durable insert; a second one of the same key is dropped. */
	readonly store: (item: InboxItem) => Promise<void>;
	/** What a picker in a form offers; answered within the request, for it changes nothing. */
	readonly suggest: (body: Body) => Promise<unknown>;
	readonly log: Logger;
	readonly suggestWithinMs?: number;
}

const TAKEN: IntakeReply = { ok: true };
const NOTHING_FITS: IntakeReply = { ok: true, body: { options: [] } };
/** Slack waits for 3 s. */
const SUGGEST_WITHIN_MS = 2_300;

/** Takes a request whose sender is known to be Slack: stores what is to be done, and only then says so. */
export function createIntake(options: IntakeOptions): (body: Body, fallbackId: string) => Promise<IntakeReply> {
	const { store, suggest, log, suggestWithinMs = SUGGEST_WITHIN_MS } = options;

	async function keep(body: Body, fallbackId: string): Promise<IntakeReply> {
		// Slack's old way to prove itself; nobody reads it any more, so it is not kept either.
		const { token: _, ...rest } = body;
		const { kept, sameAs } = withDelivery(rest, fallbackId, new Date());
		try {
			await store({ dedupeKey: `slack:${kept.draven.id}`, sameAs: sameAs.map((id) => `slack:${id}`), body: kept });
			return TAKEN;
		} catch (error) {
			log.error({ err: error }, "a request of Slack could not be stored; Slack is told so");
			return { ok: false };
		}
	}

	async function offer(body: Body): Promise<IntakeReply> {
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<IntakeReply>((resolve) => {
			timer = setTimeout(() => resolve(NOTHING_FITS), suggestWithinMs);
		});
		const offered = suggest(body).then(
			(answer): IntakeReply => ({ ok: true, body: answer }),
			(error: unknown) => {
				log.warn({ err: error }, "a picker of the form could not be filled");
				return NOTHING_FITS;
			},
		);
		const reply = await Promise.race([offered, late]);
		clearTimeout(timer);
		return reply;
	}

	return async (body, fallbackId) => {
		switch (textAt(body, "type")) {
			case null:
				return textAt(body, "command") === null ? TAKEN : keep(body, fallbackId);
			case "url_verification":
				return { ok: true, body: { challenge: textAt(body, "challenge") ?? "" } };
			case "event_callback":
				return keep(body, fallbackId);
			case "block_actions":
				// Slack reports a click on a link too; there is nothing to do about it.
				return textAt(body, "actions", 0, "action_id")?.startsWith("link:") ? TAKEN : keep(body, fallbackId);
			case "app_rate_limited":
				log.warn("Slack holds events back for a minute: it sends this app no more than 30,000 in an hour");
				return TAKEN;
			case "block_suggestion":
				return offer(body);
			case "view_submission": {
				const errors = problemsOf(body);
				if (errors !== null) return { ok: true, body: { response_action: "errors", errors } };
				return keep(body, fallbackId);
			}
			default:
				return TAKEN;
		}
	};
}

function problemsOf(body: Body): Readonly<Record<string, string>> | null {
	const callback = textAt(body, "view", "callback_id");
	if (callback === FORM) return formProblems(body["view"]);
	return callback === REJECT ? rejectProblems(body["view"]) : null;
}
