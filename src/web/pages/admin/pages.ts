import type { PageRoute } from "../page.tsx";
import { accessPages } from "./access.tsx";
import { environmentPages } from "./environments.tsx";
import { freezePages } from "./freezes.tsx";
import { integrationPages } from "./integrations.tsx";
import { lockPages } from "./locks.tsx";
import { overviewPages } from "./overview.tsx";
import { peoplePages } from "./people.tsx";
import { policyPages } from "./policies.tsx";
import { projectPages } from "./projects.tsx";
import { tokenPages } from "./tokens.tsx";

/** Everything under /admin. */
export const adminPages: readonly PageRoute[] = [
	...overviewPages,
	...projectPages,
	...environmentPages,
	...policyPages,
	...integrationPages,
	...accessPages,
	...peoplePages,
	...tokenPages,
	...lockPages,
	...freezePages,
];
