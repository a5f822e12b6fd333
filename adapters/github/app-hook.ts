import { z } from "zod";
import { type Call, readAnswer } from "./client.ts";

const Config = z.object({ url: z.string().nullish(), secret: z.string().nullish() });

/** Where the App itself sends its webhooks; every repository that it is installed on is heard through it. */
export async function readAppHook(call: Call): Promise<{ readonly url: string | null; readonly isSigned: boolean }> {
	const what = "the webhook of the App";
	const answer = await call(
		"GET /app/hook/config",
		{},
		{
			what,
			asApp: true,
			refused: ({ status, headers }) => (status === 404 ? { status, headers, data: {} } : undefined),
		},
	);
	const { url, secret } = readAnswer(Config, answer, what);
	return { url: url ?? null, isSigned: Boolean(secret) };
}

/** Another secret at the same address: what is signed from now on fits the integration. */
export async function signAppHook(call: Call, secret: string): Promise<void> {
	await call("PATCH /app/hook/config", { data: { secret } }, { what: "the webhook of the App", asApp: true });
}
