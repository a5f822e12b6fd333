import type { Logger } from "pino";
import type { InboxItem } from "../../src/ports/inbox.ts";
import { Activity, tenantsOf } from "./activity.ts";
import { type Authenticated, authenticate } from "./authenticate.ts";
import type { BotFramework } from "./bot-framework.ts";
import { deliveryKeys } from "./delivery.ts";
import { pressedOf } from "./pressed.ts";
import { CARD_TYPE } from "./render-card.ts";
import { type Where, whereOf } from "./where.ts";

/** What Microsoft is answered. */
export interface IntakeReply {
	readonly status: number;
	readonly body?: unknown;
}

export interface IntakeOptions {
	readonly framework: BotFramework;
	/** Null: whoever the Playground is. */
	readonly tenantId: string | null;
	/** One durable insert; a second one of the same key is dropped. */
	readonly store: (item: InboxItem) => Promise<void>;
	/** The form's second card: shown within the answer, for it changes nothing. */
	readonly form: (where: Where, project: string | null) => Promise<object>;
	/** A person's own page, in the place of the one that they look at. */
	readonly home: (where: Where) => Promise<object>;
	/** A run's card as this person sees it; null: the one that everybody sees will do. */
	readonly view: (where: Where, value: string) => Promise<object | null>;
	readonly log: Logger;
}

const TAKEN = "Taken. What comes of it is told to you in your chat with me, and on the card.";
/** Cards that are shown within the answer have to be there by then. */
const CARD_WITHIN_MS = 2_500;

/** Takes an activity: who sent it, which tenant it is of, what it says; stores it, and only then says so. */
export function createIntake(options: IntakeOptions): (body: unknown, authorization: string) => Promise<IntakeReply> {
	const { framework, tenantId, store, log } = options;

	async function keep(activity: Activity): Promise<boolean> {
		const { id, sameAs } = deliveryKeys(activity);
		const draven = { id, saidAt: new Date().toISOString() };
		const [tenant = ""] = tenantsOf(activity);
		const key = (name: string) => `teams:${tenant}:${name}`;
		try {
			await store({ dedupeKey: key(id), sameAs: sameAs.map(key), body: { draven, activity } });
			return true;
		} catch (error) {
			log.error({ err: error }, "an activity of Teams could not be stored; Teams is told so");
			return false;
		}
	}

	async function invoked(activity: Activity): Promise<IntakeReply> {
		if (activity.name !== "adaptiveCard/action") return { status: 501 };
		const pressed = pressedOf(activity);
		const where = whereOf(activity);
		if (pressed === null || where === null) return say("I do not know this button. Say the command instead.");
		const { press, inputs } = pressed;
		if (press.act === "form" && press.project === null)
			return (await cardReply(options, options.form(where, inputs.project))) ?? say(NO_FORM);
		if (press.act === "home") return (await cardReply(options, options.home(where))) ?? say(NO_HOME);
		if (press.act === "view") return (await cardReply(options, options.view(where, press.value))) ?? NO_VIEW;
		return (await keep(activity)) ? say(TAKEN) : say("It could not be stored. Nothing was done; try again.");
	}

	return async (body, authorization) => {
		const read = Activity.safeParse(body);
		if (!read.success) return { status: 400, body: "This is no activity of Teams that can be read." };
		const activity = read.data;
		if (activity.channelId !== "msteams") return { status: 403, body: "Only Microsoft Teams is spoken to here." };
		const checked: Authenticated = await authenticate(framework, activity, authorization);
		if (!checked.ok && checked.unchecked) {
			log.error(
				{ why: checked.why, err: checked.error },
				"an activity could not be checked; Teams is told to send it again",
			);
			return { status: 503, body: "Microsoft's signing keys could not be read. Nothing was done; try again." };
		}
		if (!checked.ok) {
			log.warn({ why: checked.why, err: checked.error }, "an activity was refused");
			return { status: 401, body: "The token is missing, or is not accepted here." };
		}
		// Where it was said; a guest's own tenant may stand beside it.
		const tenants = tenantsOf(activity);
		if (tenantId !== null && tenants[0]?.toLowerCase() !== tenantId.toLowerCase()) {
			log.warn({ tenants }, "an activity of another tenant was refused");
			return { status: 403, body: "This tenant is not let in." };
		}
		if (!framework.mayHaveToken(activity.serviceUrl)) {
			log.warn({ serviceUrl: activity.serviceUrl }, "an activity with an odd service URL was refused");
			return { status: 403, body: "Its service URL is none of Microsoft's." };
		}
		if (activity.type === "invoke") return invoked(activity);
		if (!KEPT.has(activity.type)) return { status: 200 };
		return (await keep(activity))
			? { status: 200 }
			: { status: 503, body: "It could not be stored. Nothing was done; try again." };
	};
}

const KEPT = new Set(["message", "conversationUpdate", "installationUpdate"]);

function say(text: string): IntakeReply {
	return { status: 200, body: { statusCode: 200, type: "application/vnd.microsoft.activity.message", value: text } };
}

const NO_FORM = "The form could not be filled in time. Say the command instead, such as: deploy web to stage";
const NO_HOME = "Your page could not be read in time. Press it again in a moment, or say status.";
/** The client keeps showing what everybody sees. */
const NO_VIEW: IntakeReply = {
	status: 200,
	body: {
		statusCode: 500,
		type: "application/vnd.microsoft.error",
		value: { code: "no_view", message: "There is no view of your own right now." },
	},
};

/** Null: it did not come in time, or there is none. */
async function cardReply({ log }: IntakeOptions, asked: Promise<object | null>): Promise<IntakeReply | null> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<null>((resolve) => {
		timer = setTimeout(() => resolve(null), CARD_WITHIN_MS);
	});
	const made = asked.catch((error: unknown) => {
		log.warn({ err: error }, "a card could not be made while Teams waited for it");
		return null;
	});
	const card = await Promise.race([made, late]);
	clearTimeout(timer);
	return card === null ? null : { status: 200, body: { statusCode: 200, type: CARD_TYPE, value: card } };
}
