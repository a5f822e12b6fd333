import type { Account, Conversation, ConversationStore } from "../ports/conversations.ts";
import type { Sql } from "./runs.ts";

interface ConversationRow {
	kind: Conversation["kind"];
	id: string;
	tenant: string;
	service_url: string;
	conversation_id: string;
	bot_id: string;
	team_id: string | null;
	aad_group_id: string | null;
	activity_id: string | null;
	user_id: string | null;
	user_name: string | null;
}

const COLUMNS =
	"kind, id, tenant, service_url, conversation_id, bot_id, team_id, aad_group_id, activity_id, user_id, user_name";

export function teamsConversations(sql: Sql, now: () => Date): ConversationStore {
	const first = async (text: string, values: unknown[]): Promise<Conversation | null> => {
		const rows: ConversationRow[] = await sql.query(text, values);
		return rows[0] === undefined ? null : conversationOf(rows[0]);
	};
	return {
		async keep(one) {
			await sql.query(
				`INSERT INTO teams_conversation AS t (${COLUMNS}, heard_at)
				 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
				 ON CONFLICT (kind, id) DO UPDATE SET tenant = $3, service_url = $4, conversation_id = $5, bot_id = $6,
				 team_id = COALESCE($7, t.team_id), aad_group_id = COALESCE($8, t.aad_group_id),
				 activity_id = COALESCE($9, t.activity_id), user_id = COALESCE($10, t.user_id),
				 user_name = COALESCE($11, t.user_name), heard_at = $12`,
				[
					...[one.kind, one.id, one.tenant, one.serviceUrl, one.conversationId, one.botId],
					...[one.teamId, one.aadGroupId, one.activityId, one.userId, one.userName, now()],
				],
			);
		},
		find: (kind, id) => first(`SELECT ${COLUMNS} FROM teams_conversation WHERE kind = $1 AND id = $2`, [kind, id]),
		latest: () => first(`SELECT ${COLUMNS} FROM teams_conversation ORDER BY heard_at DESC LIMIT 1`, []),
		async keepAccounts(accounts) {
			// One statement takes each row once.
			const each = [...new Map(accounts.map((one) => [`${one.tenant} ${one.person}`, one])).values()];
			if (each.length === 0) return;
			const of = <K extends keyof Account>(key: K) => each.map((one) => one[key]);
			await sql.query(
				`INSERT INTO teams_account AS a (tenant, person, user_id, heard_at)
				 SELECT tenant, person, user_id, CASE WHEN heard THEN $5::timestamptz END
				 FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) AS told (tenant, person, user_id, heard)
				 ORDER BY tenant, person
				 ON CONFLICT (tenant, person) DO UPDATE SET user_id = EXCLUDED.user_id,
				 heard_at = COALESCE(EXCLUDED.heard_at, a.heard_at)`,
				[of("tenant"), of("person"), of("userId"), of("heard"), now()],
			);
		},
		async accountsOf(tenant, persons) {
			const rows: { person: string; user_id: string }[] = await sql.query(
				"SELECT person, user_id FROM teams_account WHERE tenant = $1 AND person = ANY ($2)",
				[tenant, persons],
			);
			return new Map(rows.map((row) => [row.person, row.user_id]));
		},
		async recentUsers(tenant, limit) {
			const rows: { user_id: string }[] = await sql.query(
				`SELECT user_id FROM teams_account WHERE tenant = $1 AND heard_at IS NOT NULL
				 ORDER BY heard_at DESC LIMIT $2`,
				[tenant, limit],
			);
			return rows.map((row) => row.user_id);
		},
		async forget(which) {
			if ("teamId" in which)
				await sql.query("DELETE FROM teams_conversation WHERE kind = 'channel' AND team_id = $1", [which.teamId]);
			else await sql.query("DELETE FROM teams_conversation WHERE kind = 'personal' AND id = $1", [which.user]);
		},
	};
}

function conversationOf(row: ConversationRow): Conversation {
	return {
		...{ kind: row.kind, id: row.id, tenant: row.tenant, serviceUrl: row.service_url },
		...{ conversationId: row.conversation_id, botId: row.bot_id, teamId: row.team_id, aadGroupId: row.aad_group_id },
		...{ activityId: row.activity_id, userId: row.user_id, userName: row.user_name },
	};
}
