import type { Outcome } from "../../../core/refusal.ts";
import type { Delivered, Deliveries } from "../../../use-cases/deliveries.ts";
import { Badge, Time } from "../bits.tsx";
import { Columns } from "../columns.tsx";
import { Form } from "../layout.tsx";

/** What a provider sent here, and the ways to hear of what was lost. */
export function SentWebhooks({
	page,
	sent,
	tells,
}: {
	readonly page: string;
	/** null: nobody asked for it. */
	readonly sent: Outcome<Deliveries> | null;
	/** The provider tells what it sent, and sends it again. */
	readonly tells: boolean;
}) {
	return (
		<section class="card" aria-labelledby="deliveries">
			<div class="head">
				<div>
					<h2 id="deliveries">Deliveries</h2>
					<p class="soft">
						{tells
							? "What the provider sent here lately, as it tells. What was not taken can be sent again."
							: "Bitbucket tells no program what it sent, and sends nothing again. Asking it now how the runs stand tells all that a lost webhook would have."}
					</p>
				</div>
				<div class="buttons">
					{tells ? (
						<>
							<a class="button" href={`${page}/-deliveries#deliveries`}>
								Show the last ones
							</a>
							<Form action={`${page}/-redeliver`} inline>
								<button type="submit">Send the last failed again</button>
							</Form>
						</>
					) : null}
					<Form action={`${page}/-ask`} inline>
						<button type="submit">Ask the provider now</button>
					</Form>
				</div>
			</div>
			{sent === null ? null : sent.ok ? (
				<Sent page={page} sent={sent.value} />
			) : (
				<p class="error">{sent.refusal.message}</p>
			)}
		</section>
	);
}

function Sent({ page, sent: { items, troubles } }: { readonly page: string; readonly sent: Deliveries }) {
	return (
		<>
			{troubles.map((trouble) => (
				<p class="error" key={trouble}>
					{trouble}
				</p>
			))}
			{items.length === 0 ? (
				<p class="soft">Nothing was sent lately.</p>
			) : (
				<div class="scroll">
					<table class="stack">
						<Columns names={["Sent", "Event", "Project", "Answered", "Again"]} />
						<tbody>
							{items.map((one) => (
								<Row key={one.id} page={page} one={one} />
							))}
						</tbody>
					</table>
				</div>
			)}
		</>
	);
}

function Row({ page, one }: { readonly page: string; readonly one: Delivered }) {
	return (
		<tr>
			<td data-label="Sent">{one.at === null ? "–" : <Time at={one.at} />}</td>
			<td data-label="Event">{one.event}</td>
			<td data-label="Project">{one.project.slug}</td>
			<td data-label="Answered">
				<Badge tone={one.taken ? "good" : "bad"}>{one.answer}</Badge>
			</td>
			<td data-label="Again">
				<Form action={`${page}/-redeliver`} inline>
					<input type="hidden" name="delivery" value={one.id} />
					<button type="submit" aria-label={`Send again: ${one.event}, ${one.id}`}>
						Send again
					</button>
				</Form>
			</td>
		</tr>
	);
}
