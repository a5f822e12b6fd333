import type { Deps } from "../deps.ts";
import { VendorError } from "../ports/vendor-error.ts";
import type { IntegrationRow, ProjectRow } from "../store/entities.ts";
import { pipelineProject } from "./catalog.ts";
import { makeLane } from "./lane.ts";

/** A reading is good for so long; a board that is open all day asks the provider this often at most, however many look at it. */
const GOOD_FOR_MS = 60_000;
/** What nobody asked for in so long is forgotten. */
const KEPT_FOR_MS = 30 * 60_000;
/** A page waits for its first readings so long, and never for later ones: the provider may be slow, or dead. */
const WAIT_MS = 300;
const AT_ONCE = 4;

/** How far what is live is behind its project's default ref, as far as it is known. */
export type Drift =
	| {
			readonly kind: "read";
			readonly says: string;
			readonly readAt: Date;
			/** The provider did not answer when it was asked again. */
			readonly isOld: boolean;
	  }
	| { readonly kind: "being_read" }
	| { readonly kind: "unknown"; readonly askedAt: Date };

export interface LivePlace {
	readonly project: ProjectRow;
	readonly integration: IntegrationRow;
	/** The commit that is live there. */
	readonly sha: string;
}

interface Reading {
	read: { readonly says: string; readonly at: Date } | null;
	/** When it was last begun, and whether that failed. */
	beganAt: Date;
	failed: boolean;
	under: Promise<void> | null;
}

interface Memory {
	readonly readings: Map<string, Reading>;
	/** The commit of a project's default ref, asked once for all that is live of it. */
	readonly heads: Map<string, { readonly at: number; readonly sha: Promise<string | null> }>;
	/** How often a reading came out otherwise than the one before it. */
	turns: number;
	readonly inTurn: ReturnType<typeof makeLane>;
}

const memories = new WeakMap<Deps["db"], Memory>();

function memoryOf({ db }: Pick<Deps, "db">): Memory {
	const known = memories.get(db);
	if (known !== undefined) return known;
	const made = { readings: new Map(), heads: new Map(), turns: 0, inTurn: makeLane(AT_ONCE) };
	memories.set(db, made);
	return made;
}

/** Another number than before: some drift is to be shown otherwise. */
export function driftTurns(deps: Pick<Deps, "db">): number {
	return memoryOf(deps).turns;
}

/** One for each place, in their order, from readings that all who look share. */
export async function driftsOf(deps: Deps, places: readonly LivePlace[]): Promise<readonly Drift[]> {
	const memory = memoryOf(deps);
	const now = deps.now();
	const old = (at: number, ms: number) => now.getTime() - at >= ms;
	for (const [key, { beganAt, under }] of memory.readings)
		if (under === null && old(beganAt.getTime(), KEPT_FOR_MS)) memory.readings.delete(key);
	for (const [key, { at }] of memory.heads) if (old(at, GOOD_FOR_MS)) memory.heads.delete(key);
	const first: Promise<void>[] = [];
	const readings = places.map((place) => {
		const key = `${headKey(place)} ${place.sha}`;
		const known = memory.readings.get(key);
		if (known !== undefined && (known.under !== null || !old(known.beganAt.getTime(), GOOD_FOR_MS))) return known;
		const reading = known ?? { read: null, beganAt: now, failed: false, under: null };
		memory.readings.set(key, reading);
		const under = begin(deps, memory, reading, place);
		if (known === undefined) first.push(under);
		return reading;
	});
	if (first.length > 0) await within(WAIT_MS, Promise.all(first));
	return readings.map(({ read, failed, beganAt }) => {
		if (read !== null) return { kind: "read", says: read.says, readAt: read.at, isOld: failed };
		return failed ? { kind: "unknown", askedAt: beganAt } : { kind: "being_read" };
	});
}

function begin(deps: Deps, memory: Memory, reading: Reading, place: LivePlace): Promise<void> {
	reading.beganAt = deps.now();
	const before = `${reading.failed} ${reading.read?.says}`;
	const under = memory
		.inTurn(() => read(deps, memory, place))
		.then(
			(says) => {
				reading.read = { says, at: deps.now() };
				reading.failed = false;
			},
			(error: unknown) => {
				reading.failed = true;
				// What a provider does not say is no news; anything else is a bug.
				if (!(error instanceof VendorError)) deps.log.error({ err: error }, "the drift of a project could not be read");
			},
		)
		.then(() => {
			reading.under = null;
			if (before !== `${reading.failed} ${reading.read?.says}`) memory.turns += 1;
		});
	reading.under = under;
	return under;
}

function headKey({ project }: LivePlace): string {
	return `${project.integrationId} ${project.repository} ${project.defaultRef}`;
}

async function read(deps: Deps, memory: Memory, place: LivePlace): Promise<string> {
	const { project, integration, sha: live } = place;
	const { defaultRef } = project;
	const pipeline = pipelineProject(project);
	const port = deps.pipelineOf(integration);
	const key = headKey(place);
	const asked = memory.heads.get(key) ?? {
		at: deps.now().getTime(),
		sha: port.resolveRef(pipeline, defaultRef).then((ref) => ref?.sha ?? null),
	};
	memory.heads.set(key, asked);
	const head = await asked.sha;
	if (head === null) return `The provider knows no ${defaultRef} to compare it with.`;
	if (head === live) return `Up to date with ${defaultRef}.`;
	const compared = await port.compare(pipeline, live, head);
	if (compared === null) return `It cannot be compared with ${defaultRef}.`;
	const { ahead, behind, more } = compared;
	const missing = ahead === 0 ? "nothing" : `${ahead}${more ? " or more" : ""} ${ahead === 1 ? "commit" : "commits"}`;
	const extra = behind === 0 ? "" : `, and has ${behind} that ${behind === 1 ? "is" : "are"} not in it`;
	return `Behind ${defaultRef} by ${missing}${extra}.`;
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	await Promise.race([
		work,
		new Promise((resolve) => {
			timer = setTimeout(resolve, ms);
		}),
	]);
	clearTimeout(timer);
}
