/** What names a delivery, and the names under which the same may have come already. */
export interface PressKeys {
	readonly id: string;
	readonly sameAs: readonly string[];
}

const SPAN_MS = 10_000;

/**
 * A button that is pressed again within 10 s was meant once, wherever the clock stands; what is pressed 20 s later, when its answer
 * has long been read, is meant anew. Each span of time has a name, and a press counts only when nothing has its span or the ones
 * beside it. `press` names who pressed which button of which message.
 */
export function hurriedKeys(press: string, atMs: number): PressKeys {
	const span = Math.floor(atMs / SPAN_MS);
	return { id: `${press}:${span}`, sameAs: [`${press}:${span - 1}`, `${press}:${span + 1}`] };
}
