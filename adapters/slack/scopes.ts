/** What the code in this folder needs of Slack. The manifest and `draven doctor` are held against these lists. */

/** Without one of these something that people rely on does not work. */
export const SCOPES = [
	"app_mentions:read",
	"channels:read",
	"chat:write",
	"commands",
	"groups:read",
	"im:write",
	"usergroups:read",
	"users:read",
] as const;

/** What is missing without each of these. */
export const OPTIONAL_SCOPES = {
	"im:history": "the bot does not hear what people write to it in a direct message",
	"users:read.email": "people are not recognised as the same person in Slack and Teams by their e-mail address",
	"chat:write.public": "the bot has to be invited to every channel that it shall post to",
	"metadata.message:read": "a message whose answer was lost may be posted twice",
	"channels:history": "a message whose answer was lost may be posted twice in public channels",
	"groups:history": "a message whose answer was lost may be posted twice in private channels",
} as const;
