import { auditPage, type PlacedEntry } from "../../store/audit-pages.ts";
import { reachOf } from "../../use-cases/identify.ts";
import { sightWithin } from "../../use-cases/sight.ts";
import { entryJson } from "../audit-export.ts";
import { refusalReply } from "../problem.ts";
import { AuditAnswer, listOf } from "./answers.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { findSeenRun } from "./find-run.ts";
import { AuditQuery } from "./schemas.ts";

export const auditEndpoints: readonly Endpoint[] = [
	endpoint({
		method: "GET",
		path: "/audit",
		summary: "The audit trail, newest first",
		query: AuditQuery,
		answers: { 200: listOf(AuditAnswer) },
		handle: async ({ deps, token, query }) => {
			const { run, cursor, limit, ...filter } = query;
			const found = run === undefined ? null : await findSeenRun({ deps, token, id: run });
			if (found !== null && !found.ok) return refusalReply(found.refusal);
			const entries = await auditPage(deps.db, {
				...filter,
				sight: await sightWithin(deps.db, reachOf(token)),
				runId: found?.value.id,
				after: cursor,
				limit: limit + 1,
			});
			const page = entries.slice(0, limit);
			const last = page.at(-1);
			const next = entries.length > limit && last !== undefined ? cursorOf(last) : null;
			return { status: 200, body: { items: page.map(entryJson), next } };
		},
	}),
];

const cursorOf = ({ chain, seq, entry }: PlacedEntry) => `${entry.atMs}.${seq}.${chain}`;
