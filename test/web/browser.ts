import type { Site } from "./site.ts";

export interface Shown {
	readonly status: number;
	readonly headers: Headers;
	/** Where it leads to; null: it is a page. */
	readonly to: string | null;
	readonly text: string;
}

/** A browser without scripts: it keeps cookies, follows nothing by itself, and sends the forms that it finds. */
export class Browser {
	readonly #site: Site;
	readonly cookies = new Map<string, string>();

	constructor(site: Site) {
		this.#site = site;
	}

	async ask(
		method: "GET" | "POST",
		path: string,
		options: { form?: Record<string, string>; headers?: Record<string, string> } = {},
	): Promise<Shown> {
		const { form, headers = {} } = options;
		const response = await fetch(new URL(path, this.#site.url), {
			method,
			redirect: "manual",
			headers: {
				...(this.cookies.size === 0
					? {}
					: { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ") }),
				...headers,
			},
			...(form === undefined ? {} : { body: new URLSearchParams(form) }),
		});
		for (const line of response.headers.getSetCookie()) {
			const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
			if (value === "" || /expires=thu, 01 jan 1970/i.test(line)) this.cookies.delete(name);
			else this.cookies.set(name, value);
		}
		const location = response.headers.get("location");
		return { status: response.status, headers: response.headers, to: location, text: await response.text() };
	}

	get(path: string): Promise<Shown> {
		return this.ask("GET", path);
	}

	/** Sends the form of a page that has this action, with its hidden fields, as a browser does. */
	async submit(page: string, action: string, fields: Record<string, string> = {}): Promise<Shown> {
		const { text } = await this.get(page);
		const form = new RegExp(`<form[^>]*action="${action}"[^>]*>(.*?)</form>`, "s").exec(text)?.[1];
		if (form === undefined) throw new Error(`${page} has no form to ${action}: ${text.slice(0, 2_000)}`);
		const hidden = [...form.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([input]) => [
			/name="([^"]*)"/.exec(input)?.[1] ?? "",
			/value="([^"]*)"/.exec(input)?.[1] ?? "",
		]);
		return this.ask("POST", action, { form: { ...Object.fromEntries(hidden), ...fields } });
	}

	/** Comes in by a link that this person gets in chat. */
	async signIn(user: string): Promise<void> {
		const link = await linkOf(this.#site, user);
		const answer = await this.ask("POST", link, { form: {} });
		if (answer.status !== 303) throw new Error(`no way in: ${answer.status} ${answer.text}`);
	}
}

/** The path of a fresh link into the page, as the chat gives it. */
export async function linkOf(site: Site, user: string): Promise<string> {
	const answer = await site.world.say(user, "admin");
	const path = /\/sign-in\/[\w-]+/.exec(answer.card.text)?.[0];
	if (path === undefined) throw new Error(`no link: ${answer.card.text}`);
	return path;
}
