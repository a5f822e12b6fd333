import type { Stored } from "../../../configuration/entries.ts";
import { type LastDeliveries, lastVerified } from "../../../store/webhook-deliveries.ts";
import { Badge, Time } from "../bits.tsx";
import { Form } from "../layout.tsx";
import { Copyable } from "./copyable.tsx";

interface Props {
	readonly integration: Stored<"integration">;
	readonly page: string;
	readonly url: string;
	readonly last: LastDeliveries;
	/** A secret that was made just now; null: none was. */
	readonly secret: string | null;
}

/** How a provider tells what happens: what to write there, and whether it is heard. */
export function Webhook({ integration, page, url, last, secret }: Props) {
	const { provider } = integration.values;
	const has = integration.secrets.webhookSecret !== undefined;
	return (
		<section class="card" aria-labelledby="webhook">
			<h2 id="webhook">Webhook</h2>
			<p class="soft">
				By webhook DRAVEN hears at once what becomes of a run. Without one it asks every half minute: that works too.
			</p>
			<div class="field">
				<span>Address</span>
				<Copyable label="Address of the webhook" value={url} />
			</div>
			{secret === null ? null : (
				<div class="notice good" role="status">
					<p>
						<strong>The secret is made.</strong> It is not shown again: write it into the webhook at the provider now,
						or let the check-up above set the webhook up.
					</p>
					<Copyable label="Secret of the webhook" value={secret} />
				</div>
			)}
			<dl class="facts">
				<dt>Type</dt>
				<dd>{SETTINGS[provider]}</dd>
				<dt>Secret</dt>
				<dd>{has ? <Badge tone="good">kept</Badge> : <Badge tone="wait">none: every delivery is refused</Badge>}</dd>
				<dt>Last heard</dt>
				<dd>
					<Delivery page={page} last={last} />
				</dd>
			</dl>
			{integration.managedBy === "file" ? null : (
				<Form action={`${page}/-secret`}>
					<div class="hinted">
						<button type="submit">{has ? "Make another secret" : "Make a secret"}</button>
						{has ? <small>What the provider signs with the old one is refused from then on.</small> : null}
					</div>
				</Form>
			)}
		</section>
	);
}

const SETTINGS: Record<Stored<"integration">["values"]["provider"], string> = {
	github: "application/json; the events Workflow runs, Workflow jobs, Deployment statuses and Deployment reviews",
	gitlab:
		"Pipeline events, Job events and Deployment events; the secret as token, or as signing token when it begins with whsec_",
	bitbucket: "Build status created, and Build status updated",
	runner: "",
};

/** Follows what comes in. */
export function Delivery({ page, last }: { readonly page: string; readonly last: LastDeliveries }) {
	const verified = lastVerified(last);
	const refused = last.bad_signature ?? null;
	const now = refused !== null && (verified === null || refused > verified);
	return (
		<div hx-get={`${page}/-delivery`} hx-trigger="every 3s" hx-swap="outerMorph">
			{verified === null ? (
				<Badge>never yet</Badge>
			) : (
				<>
					<Badge tone="good">heard</Badge> <Time at={verified} />
				</>
			)}
			{refused === null ? null : (
				<p class={now ? "error" : "soft"}>
					{now
						? "The last one was refused, because its signature does not fit the secret: "
						: "One was refused before: "}
					<Time at={refused} />
				</p>
			)}
		</div>
	);
}
