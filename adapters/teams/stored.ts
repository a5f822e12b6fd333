import { z } from "zod";
import { Activity } from "./activity.ts";

/** What is stored of an activity until it is carried out. */
export const Stored = z.object({
	draven: z.object({ id: z.string(), saidAt: z.coerce.date() }),
	activity: Activity,
});
export type Stored = z.infer<typeof Stored>;
