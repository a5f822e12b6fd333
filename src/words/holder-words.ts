import type { Holders, Subject } from "../core/access.ts";
import type { Inline, Rich } from "../ports/chat.ts";

/** Who has a role, as people know them: groups and people are mentioned where the platform can. */
export function holderWords({ role, subjects, tokens }: Holders): Rich {
	const names: Inline[] = [...subjects.map(holder), ...(tokens ? [`an API token with the role ${role}`] : [])];
	if (names.length === 0) return [`nobody (no access binding gives the role ${role} there)`];
	return names.flatMap((name, n) => (n === 0 ? [name] : [", ", name]));
}

function holder(subject: Subject): Inline {
	if ("slackGroup" in subject) return mention("slack", "group", subject.slackGroup, "the Slack group");
	if ("entraGroup" in subject) return mention("teams", "group", subject.entraGroup, "the Entra group");
	if ("slackUser" in subject) return mention("slack", "user", subject.slackUser, "the Slack user");
	if ("entraUser" in subject) return mention("teams", "user", subject.entraUser, "the Teams user");
	return "local" in subject ? subject.local : subject.email;
}

function mention(platform: "slack" | "teams", kind: "group" | "user", id: string, what: string): Inline {
	return { mention: { platform, kind, id, name: `${what} ${id}` } };
}
