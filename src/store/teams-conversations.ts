import type { Conversation, ConversationStore } from "../ports/conversations.ts";
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
		async recentUsers(limit) {
			const rows: { user_id: string }[] = await sql.query(
				`SELECT user_id FROM teams_conversation WHERE kind = 'personal' AND user_id IS NOT NULL
				 ORDER BY heard_at DESC LIMIT $1`,
				[limit],
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
