import type { PageRoute } from "../page.tsx";
import { environmentPages } from "./environments.tsx";
import { overviewPages } from "./overview.tsx";
import { policyPages } from "./policies.tsx";
import { projectPages } from "./projects.tsx";

/** Everything under /admin. */
export const adminPages: readonly PageRoute[] = [
	...overviewPages,
	...projectPages,
	...environmentPages,
	...policyPages,
];
