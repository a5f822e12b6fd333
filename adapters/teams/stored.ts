import { z } from "zod";
import type { Card } from "../../src/ports/chat.ts";
import { Activity } from "./activity.ts";
import type { Where } from "./where.ts";

/** What is stored of an activity until it is carried out. */
export const Stored = z.object({
	draven: z.object({ id: z.string(), saidAt: z.coerce.date() }),
	activity: Activity,
});
export type Stored = z.infer<typeof Stored>;

const isObject = (value: unknown) => typeof value === "object" && value !== null;
const Answer = z.object({ answer: z.object({ where: z.custom<Where>(isObject), card: z.custom<Card>(isObject) }) });

/** An answer that could not be told when it was made; null: something else is stored. */
export function storedAnswer(stored: unknown): z.infer<typeof Answer>["answer"] | null {
	const read = Answer.safeParse(JSON.parse(JSON.stringify(stored), withTimes));
	return read.success ? read.data.answer : null;
}

/** JSON knows no times; in a card each stands under this name. */
function withTimes(key: string, value: unknown): unknown {
	return key === "time" && typeof value === "string" ? new Date(value) : value;
}
