import { z } from "zod";
import type { Call } from "./client.ts";

/** The version with which pipelines take inputs. */
const MAJOR = 18;
const MINOR = 1;
const Version = z.object({ version: z.string() });

/**
 * Older servers take inputs and do not pass them on: a pipeline would run that knows nothing of the deploy. One sentence; null: this
 * server knows them, or hides its version.
 */
export async function whyNoInputs(call: Call): Promise<string | null> {
	const answer = await call("GET", "/version", {
		what: "the version of this server",
		// Hidden by something in between.
		refused: (refused) => ([403, 404].includes(refused.status) ? refused : undefined),
	});
	const [, major, minor] = /^(\d+)\.(\d+)/.exec(Version.safeParse(answer.data).data?.version ?? "") ?? [];
	if (major === undefined || minor === undefined) return null;
	const isOld = Number(major) < MAJOR || (Number(major) === MAJOR && Number(minor) < MINOR);
	return isOld
		? `This GitLab is ${major}.${minor}, and inputs came with ${MAJOR}.${MINOR}: write mode: variables in draven.yaml, or update it.`
		: null;
}
