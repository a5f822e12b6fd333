/** The bot's registration, and Microsoft's servers under other addresses where that is wanted. */
export interface TeamsApp {
	readonly appId: string;
	/** Null: a managed identity. */
	readonly appPassword: string | null;
	readonly appType: "MultiTenant" | "SingleTenant" | "UserAssignedMSI";
	readonly tenantId: string;
	readonly loginUrl: string | null;
	readonly oauthScope: string | null;
	readonly tokenIssuer: string | null;
	readonly openIdMetadataUrl: string | null;
}
