import { maskLog } from "../core/mask-log.ts";
import type { PipelinePort } from "./pipeline.ts";
import { VendorError } from "./vendor-error.ts";

/** The same, but its errors repeat no secret that the provider's answer held: their sentences go to chat, to the API and on the trail. */
export function quietPipeline(port: PipelinePort, secrets: () => readonly string[]): PipelinePort {
	const quietly = async <Answer>(asked: Promise<Answer>): Promise<Answer> => {
		try {
			return await asked;
		} catch (error) {
			throw error instanceof VendorError ? withoutSecrets(error, secrets()) : error;
		}
	};
	return {
		get triggerIsIdempotent() {
			return port.triggerIsIdempotent;
		},
		resolveRef: (...asked) => quietly(port.resolveRef(...asked)),
		checks: (...asked) => quietly(port.checks(...asked)),
		listRefs: (...asked) => quietly(port.listRefs(...asked)),
		trigger: (...asked) => quietly(port.trigger(...asked)),
		find: (...asked) => quietly(port.find(...asked)),
		report: (...asked) => quietly(port.report(...asked)),
		cancel: (...asked) => quietly(port.cancel(...asked)),
		compare: (...asked) => quietly(port.compare(...asked)),
		steps: (...asked) => quietly(port.steps(...asked)),
		log: (...asked) => quietly(port.log(...asked)),
	};
}

function withoutSecrets(error: VendorError, secrets: readonly string[]): VendorError {
	const [message = ""] = maskLog([error.message], secrets);
	if (message === error.message) return error;
	const { kind, retryAfter, mayHaveHappened, cause } = error;
	return new VendorError(kind, message, { ...(retryAfter === null ? {} : { retryAfter }), mayHaveHappened, cause });
}
