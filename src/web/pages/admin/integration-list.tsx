import type { Stored } from "../../../configuration/entries.ts";
import type { StoredItem } from "../../../configuration/items.ts";
import { lastDeliveries, lastVerified } from "../../../store/webhook-deliveries.ts";
import { Time } from "../bits.tsx";
import { Columns } from "../columns.tsx";
import type { PageCall, PageReply } from "../page.tsx";
import { ofKind, readAlive } from "./carry-out.ts";
import { adminPage, Head, ManagedCell } from "./frame.tsx";
import { PROVIDERS } from "./integration-form.tsx";

const LIST = "/admin/integrations";

/** Every integration, with when it was heard of last. */
export async function listIntegrations({ deps }: PageCall): Promise<PageReply> {
	const alive = await readAlive(deps);
	const integrations = ofKind(alive, "integration");
	const heard = await lastDeliveries(deps.db);
	const content = (
		<>
			<Head title="Integrations" says="Where pipelines run.">
				<a class="button primary" href={`${LIST}/-new`}>
					Add an integration
				</a>
			</Head>
			{integrations.length === 0 ? (
				<div class="card empty">
					<h2>No integration yet</h2>
					<p>Connect GitHub, GitLab or Bitbucket, or let machines of your own do the work.</p>
				</div>
			) : (
				<div class="card scroll">
					<table class="stack">
						<Columns names={["Integration", "Provider", "Projects", "Last heard", "Managed by"]} />
						<tbody>
							{integrations.map((one) => (
								<tr key={one.id}>
									<td data-label="Integration">
										<a href={`${LIST}/${one.name}`}>
											<strong>{one.name}</strong>
										</a>
									</td>
									<td data-label="Provider">
										<span>
											{PROVIDERS[one.values.provider].name}
											{one.values.baseUrl === null ? null : <small>{` ${one.values.baseUrl}`}</small>}
										</span>
									</td>
									<td data-label="Projects">
										{projectsOf(alive, one.name).join(", ") || <span class="soft">none</span>}
									</td>
									<td data-label="Last heard">
										<LastHeard one={one} at={lastVerified(heard.get(one.id) ?? {})} />
									</td>
									<ManagedCell by={one.managedBy} />
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</>
	);
	return adminPage("integrations", "Integrations", content);
}

export function projectsOf(alive: readonly StoredItem[], integration: string): string[] {
	return ofKind(alive, "project")
		.filter((one) => one.values.integration === integration)
		.map(({ name }) => name);
}

function LastHeard({ one, at }: { readonly one: Stored<"integration">; readonly at: Date | null }) {
	if (one.values.provider === "runner") return <span class="soft">by its runners</span>;
	return at === null ? <span class="soft">no webhook yet</span> : <Time at={at} />;
}
