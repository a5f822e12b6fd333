import type { AuditEntry } from "../core/audit-entry.ts";
import { done, type Outcome, type Refusal, refusal, refused } from "../core/refusal.ts";
import type { Deps } from "../deps.ts";
import type { DeliveriesPort, SentDelivery } from "../ports/checkup.ts";
import { VendorError } from "../ports/vendor-error.ts";
import { holdChain, SYSTEM_CHAIN, writeTrail } from "../store/change.ts";
import { type IntegrationRow, type ProjectRow, ProjectTable } from "../store/entities.ts";
import { hurryPolls } from "../store/jobs.ts";
import { checkRight } from "./check-right.ts";
import { actorOf, type Caller } from "./identify.ts";

/** A webhook that was sent here, and whether it has been taken by now. */
export interface Delivered extends SentDelivery {
	readonly id: string;
	readonly project: ProjectRow;
}

export interface Deliveries {
	/** The newest first. */
	readonly items: readonly Delivered[];
	/** What could not be read, and why. */
	readonly troubles: readonly string[];
	/** Why one of them could not be read, the first; null: all were. */
	readonly failed: Refusal | null;
}

/** As many projects as are asked about: each is a question to the provider. */
const PROJECTS = 10;
const SHOWN = 50;
const EVERYWHERE = { project: { slug: "*" }, environment: { slug: "*" } };

/** What a provider sent to an integration lately, as it tells. */
export async function lastSent(deps: Deps, caller: Caller, integration: IntegrationRow): Promise<Outcome<Deliveries>> {
	const no = checkRight(caller, "configure", EVERYWHERE);
	if (no !== null) return refused(no);
	const port = portOf(deps, integration);
	if (!port.ok) return port;
	const projects = await deps.db
		.getRepository(ProjectTable)
		.find({ where: { integrationId: integration.id }, order: { slug: "ASC" } });
	const alive = projects.filter(({ archivedAt }) => archivedAt === null);
	const url = `${deps.publicUrl}/webhooks/${integration.provider}/${integration.slug}`;
	const all = new Map<string, Delivered>();
	const troubles: string[] = [];
	let failed: Refusal | null = null;
	for (const project of alive.slice(0, PROJECTS))
		try {
			for (const one of await port.value.last(project, url)) {
				const id = `${one.ref.hook}.${one.ref.delivery}`;
				if (!all.has(id)) all.set(id, { ...one, id, project });
			}
		} catch (error) {
			if (!(error instanceof VendorError)) throw error;
			troubles.push(error.message);
			failed ??= vendorRefusal(error);
		}
	if (alive.length > PROJECTS)
		troubles.push(`Only the first ${PROJECTS} of ${alive.length} projects were asked about.`);
	const taken = new Set([...all.values()].filter((one) => one.taken).map(({ same }) => same));
	const items = [...all.values()]
		.map((one) => ({ ...one, taken: taken.has(one.same) }))
		.sort((a, b) => (b.at?.getTime() ?? 0) - (a.at?.getTime() ?? 0) || Number(b.ref.delivery) - Number(a.ref.delivery))
		.slice(0, SHOWN);
	return done({ items, troubles: [...new Set(troubles)], failed });
}

export interface SentAgain {
	readonly delivery: Delivered;
	/** How it was answered now; null: that is known later. */
	readonly answer: string | null;
}

/** Lets the provider send one of them again. `wanted`: its id; null: the last one that was not taken. */
export async function sendAgain(
	deps: Deps,
	caller: Caller,
	integration: IntegrationRow,
	wanted: string | null,
): Promise<Outcome<SentAgain>> {
	const sent = await lastSent(deps, caller, integration);
	if (!sent.ok) return sent;
	const { items, failed } = sent.value;
	const delivery = wanted === null ? items.find((one) => !one.taken) : items.find(({ id }) => id === wanted);
	if (delivery === undefined) return refused(noSuchDelivery(wanted, failed));
	const port = portOf(deps, integration);
	if (!port.ok) return port;
	try {
		const answer = await port.value.sendAgain(delivery.project, delivery.ref);
		await write(deps, caller, integration, delivery, { answer });
		return done({ delivery, answer });
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		if (error.mayHaveHappened) await write(deps, caller, integration, delivery, { unsure: error.message });
		return refused(vendorRefusal(error));
	}
}

/** Whatever runs by way of an integration is asked after at once, whether a webhook was lost or not. */
export async function askNow(deps: Deps, caller: Caller, integration: IntegrationRow): Promise<Outcome<number>> {
	const no = checkRight(caller, "configure", EVERYWHERE);
	if (no !== null) return refused(no);
	const count = await hurryPolls(deps.db, integration.id, deps.now());
	deps.wake();
	return done(count);
}

function portOf(deps: Deps, integration: IntegrationRow): Outcome<DeliveriesPort> {
	try {
		const port = deps.checkupOf(integration)?.deliveries ?? null;
		return port === null ? refused(tellsNobody(integration)) : done(port);
	} catch (error) {
		if (!(error instanceof VendorError)) throw error;
		return refused(vendorRefusal(error));
	}
}

function tellsNobody({ provider, slug }: IntegrationRow): Refusal {
	return provider === "runner"
		? refusal("no_webhooks", `Runners of ${slug} send no webhooks: they report what they do themselves.`)
		: refusal(
				"no_redelivery",
				"Bitbucket tells no program what it sent, and sends nothing again.",
				"Ask it now how the runs stand: that tells all that a lost webhook would have. Its settings show the requests (Repository settings > Webhooks > View requests).",
			);
}

function noSuchDelivery(wanted: string | null, failed: Refusal | null): Refusal {
	if (failed !== null) return { ...failed, message: `${failed.message} Nothing was sent again.` };
	return wanted === null
		? refusal("unknown_delivery", "No delivery is there that was not taken: there is nothing to send again.")
		: refusal("unknown_delivery", "This delivery is not among the last ones any more.", "Look at the list again.");
}

function vendorRefusal(error: VendorError): Refusal {
	return refusal(
		`provider_${error.kind}`,
		error.message,
		error.passing ? "Try again in a minute." : "Correct that, and try again.",
	);
}

async function write(
	deps: Deps,
	caller: Caller,
	integration: IntegrationRow,
	{ id, event, project }: Delivered,
	how: Readonly<Record<string, unknown>>,
): Promise<void> {
	const now = deps.now();
	const entry: AuditEntry = {
		atMs: now.getTime(),
		action: "webhook.sent_again",
		actor: actorOf(caller),
		project: project.slug,
		environment: null,
		runId: null,
		run: null,
		data: { integration: integration.slug, delivery: id, event, ...how },
	};
	await deps.db.transaction(async (tx) => {
		const held = await holdChain(tx, SYSTEM_CHAIN);
		await writeTrail({ tx, auditKey: deps.auditKey, held, now }, [entry]);
	});
}
