import type { Setting, World } from "./world.ts";

/** A card, an answer or a page as a person sees it. */
export interface Shown {
	/** The whole of it in plain words. */
	readonly text: string;
	readonly labels: readonly string[];
}

export interface FilledForm {
	readonly environment: string;
	readonly ref: string;
	readonly reason: string;
}

/** What people do in a chat, whichever it is: the stories are told once, and hold for each. */
export interface ChatFront {
	readonly world: World;
	/** What a person is told to do about a channel that we cannot write to. */
	readonly letUsIn: RegExp;
	/** Says a command; answers what the person is told, alone. */
	say(user: string, text: string): Promise<string>;
	/** Says it in the thread of the environment's card. */
	sayInThread(user: string, environment: string, text: string): Promise<string>;
	/** Says it, and waits for nothing. */
	send(user: string, text: string): Promise<void>;
	/** Presses a button of the environment's card. */
	press(user: string, environment: string, label: string): Promise<string>;
	/** One press that is delivered twice, and another right after it, all of the card as it was before. */
	pressInHaste(user: string, environment: string, label: string): Promise<void>;
	/** Presses Reject, and gives the reason that is asked for. */
	reject(user: string, environment: string, reason: string): Promise<void>;
	/** What the person was answered last. */
	answer(user: string): Shown;
	/** Presses a button of that. */
	pressAnswer(user: string, label: string): Promise<string>;
	/** Opens the form of a bare command, fills it in and sends it. */
	fillForm(user: string, form: FilledForm): Promise<void>;
	/** Opens the person's own page. */
	openHome(user: string): Promise<void>;
	home(user: string): Shown;
	/** Presses a button of that page. */
	pressHome(user: string, label: string): Promise<void>;
	/** All that one person was told alone, in whatever way. */
	told(user: string): string[];
	/** The environment's card, the only one or the last of several. */
	card(environment: string): Shown;
	/** The same with its mark-up. */
	raw(environment: string): string;
	cards(environment: string): number;
	/** What the thread of that card tells. */
	story(environment: string): string[];
	/** How many messages others than one person can read. */
	posted(): number;
	/** Somebody deletes the environment's card. */
	deleteCard(environment: string): void;
	/** From now on we cannot write to the environment's channel. */
	closeChannel(environment: string): void;
	/** From now on we cannot write to the person. */
	closeChat(user: string): void;
	/** The next new message, or the next edit, is refused: it may come again after so many seconds. */
	slowDown(what: "post" | "edit", seconds: number): void;
	/** Whether the platform accepts who we are. */
	acceptUs(accepted: boolean): void;
	/** From now on they come from outside, though a group still lists them. */
	makeOutsider(user: string): void;
	leaveGroup(user: string, group: string): void;
	/** The next reads of groups fail. */
	hideGroups(): void;
	close(): Promise<void>;
}

export type OpenChat = (setting?: Setting) => Promise<ChatFront>;
