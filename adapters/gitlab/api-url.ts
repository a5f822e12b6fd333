/** Where the API is: `https://host`, `https://host/gitlab` and either with `/api/v4` behind it are the same place. */
export function apiUrlOf(baseUrl: string): string {
	return `${siteUrlOf(baseUrl)}/api/v4`;
}

/** Where people see it. */
export function siteUrlOf(baseUrl: string): string {
	return baseUrl.replace(/\/+$/, "").replace(/\/api\/v4$/, "");
}
