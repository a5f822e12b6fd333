import { type Finding, fine, warning, wrong } from "../../src/ports/checkup.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";

/** A webhook at the provider, as far as a check-up cares. */
export interface SeenWebhook {
	readonly url: string;
	/** It points at our address. */
	readonly ours: boolean;
	/** What is wrong with it, as it stands after "and"; null: nothing, as far as the provider tells. */
	readonly problem: string | null;
}

interface Words {
	/** What is said of one that is right. */
	readonly good: string;
	/** How to set it up. */
	readonly fix: string;
	/** Who may not see the webhooks, and where a person can. */
	readonly blind: { readonly found: string; readonly mend: string };
}

/** Whether a webhook is there and right: the same question, and the same words, at every provider. */
export async function webhookFinding(
	check: string,
	/** Where it has to point at. */
	url: string,
	read: () => Promise<readonly SeenWebhook[]>,
	{ good, fix, blind }: Words,
): Promise<Finding> {
	try {
		const hooks = await read();
		const problems = hooks.filter(({ ours }) => ours).map(({ problem }) => problem);
		if (problems.includes(null)) return fine(check, good);
		const [problem] = problems;
		if (typeof problem === "string") return wrong(check, `there is one at ${url}, and ${problem}`, fix);
		const { pathname, origin } = new URL(url);
		const elsewhere = hooks.find((hook) => hook.url.endsWith(pathname))?.url;
		return warning(
			check,
			elsewhere === undefined
				? `there is none that points at ${url}`
				: `there is one that points at ${elsewhere}, and PUBLIC_URL says ${origin}`,
			`${fix} Until then runs are polled.`,
		);
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return warning(check, blind.found, blind.mend);
	}
}
