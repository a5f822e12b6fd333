import type { Call } from "./client.ts";

/** Answers kept for the question whether they changed. */
const KEPT = 300;

/** Asks for what is known already only whether it changed: that it did not costs nothing of the rate limit. For GET alone. */
export function conditional(call: Call): Call {
	const known = new Map<string, { readonly etag: string; readonly data: unknown }>();
	return async (route, parameters, options) => {
		const key = JSON.stringify([route, parameters]);
		const kept = known.get(key);
		const answer = await call(route, parameters, {
			...options,
			headers: { ...options.headers, ...(kept === undefined ? {} : { "if-none-match": kept.etag }) },
			refused: (refused) =>
				refused.status === 304 && kept !== undefined
					? { ...refused, status: 200, data: kept.data }
					: options.refused?.(refused),
		});
		const etag = answer.headers["etag"] ?? (answer.data === kept?.data ? kept?.etag : undefined);
		known.delete(key);
		if (typeof etag === "string" && answer.status === 200) known.set(key, { etag, data: answer.data });
		const [oldest] = known.keys();
		if (known.size > KEPT && oldest !== undefined) known.delete(oldest);
		return answer;
	};
}
