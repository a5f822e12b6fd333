import { Spine1764000000000 } from "./1764000000000-spine.ts";
import { Evidence1764100000000 } from "./1764100000000-evidence.ts";
import { ProviderLogins1764100100000 } from "./1764100100000-provider-logins.ts";
import { Progress1764100200000 } from "./1764100200000-progress.ts";
import { UnansweredClaims1764100300000 } from "./1764100300000-unanswered-claims.ts";
import { RunnerLeases1764100410000 } from "./1764100410000-runner-leases.ts";
import { TeamsConversations1764100500000 } from "./1764100500000-teams-conversations.ts";
import { DeadJobs1764100600000 } from "./1764100600000-dead-jobs.ts";
import { WebSessions1764200000000 } from "./1764200000000-web-sessions.ts";
import { Reports1764200100000 } from "./1764200100000-reports.ts";
import { TokenScopes1764200200000 } from "./1764200200000-token-scopes.ts";
import { RareEntries1764200300000 } from "./1764200300000-rare-entries.ts";
import { LiveByEnd1764210000000 } from "./1764210000000-live-by-end.ts";
import { WebhookDeliveries1764210100000 } from "./1764210100000-webhook-deliveries.ts";
import { FormerAddresses1764210750000 } from "./1764210750000-former-addresses.ts";
import { OldLogLines1764300200000 } from "./1764300200000-old-log-lines.ts";
import { RunByCommit1764300300000 } from "./1764300300000-run-by-commit.ts";
import { Attempts1764300350000 } from "./1764300350000-attempts.ts";
import { Freezes1764400300000 } from "./1764400300000-freezes.ts";
import { AddressesNotVouched1764410000000 } from "./1764410000000-addresses-not-vouched.ts";
import { PromotedFrom1764420000000 } from "./1764420000000-promoted-from.ts";
import { TeamsAccounts1764430100000 } from "./1764430100000-teams-accounts.ts";

/** In order, by name: no globs, so that what runs is what is listed. */
export const MIGRATIONS = [
	Spine1764000000000,
	Evidence1764100000000,
	ProviderLogins1764100100000,
	Progress1764100200000,
	UnansweredClaims1764100300000,
	RunnerLeases1764100410000,
	TeamsConversations1764100500000,
	DeadJobs1764100600000,
	WebSessions1764200000000,
	Reports1764200100000,
	TokenScopes1764200200000,
	RareEntries1764200300000,
	LiveByEnd1764210000000,
	WebhookDeliveries1764210100000,
	FormerAddresses1764210750000,
	OldLogLines1764300200000,
	RunByCommit1764300300000,
	Attempts1764300350000,
	Freezes1764400300000,
	AddressesNotVouched1764410000000,
	PromotedFrom1764420000000,
	TeamsAccounts1764430100000,
];
