import type { Kind } from "../../../configuration/items.ts";
import { scopeText } from "../../../core/freeze.ts";
import { PersonTable } from "../../../store/entities.ts";
import { freezesOn } from "../../../store/freezes.ts";
import { countJobs } from "../../../store/jobs.ts";
import { listLocks } from "../../../store/list-locks.ts";
import { listTokens } from "../../../store/tokens.ts";
import { Badge } from "../bits.tsx";
import type { PageCall, PageReply, PageRoute } from "../page.tsx";
import { ofKind, readAlive } from "./carry-out.ts";
import { adminPage, Head } from "./frame.tsx";

export const overviewPages: readonly PageRoute[] = [{ method: "GET", path: "/admin", admin: true, handle: overview }];

const CHATS = { slack: "Slack", teams: "Microsoft Teams" } as const;

async function overview({ deps }: PageCall): Promise<PageReply> {
	const now = deps.now();
	const alive = await readAlive(deps);
	const byFile = (kind: Kind) => ofKind(alive, kind).filter((one) => one.managedBy === "file").length;
	const tokens = (await listTokens(deps.db)).filter(
		(one) => one.revokedAt === null && (one.expiresAt === null || one.expiresAt > now),
	);
	const locks = (await listLocks(deps.db, now)).filter((one) => one.heldBy === "person");
	const freezes = await freezesOn(deps.db, now);
	const jobs = await countJobs(deps.db);
	const integrations = ofKind(alive, "integration");
	const figures = [
		{ label: "Projects", path: "/admin/projects", count: ofKind(alive, "project").length, file: byFile("project") },
		{
			label: "Environments",
			path: "/admin/projects",
			count: ofKind(alive, "environment").length,
			file: byFile("environment"),
		},
		{ label: "Policies", path: "/admin/policies", count: ofKind(alive, "policy").length, file: byFile("policy") },
		{ label: "Integrations", path: "/admin/integrations", count: integrations.length, file: byFile("integration") },
		{ label: "Access bindings", path: "/admin/access", count: ofKind(alive, "access").length, file: byFile("access") },
		{ label: "People", path: "/admin/people", count: await deps.db.getRepository(PersonTable).count(), file: 0 },
		{ label: "Valid tokens", path: "/admin/tokens", count: tokens.length, file: 0 },
		{ label: "Locks of people", path: "/admin/locks", count: locks.length, file: 0 },
	];
	const content = (
		<>
			<Head title="Admin" says="What DRAVEN is connected with, and what it is told." />
			{freezes.length === 0 ? null : (
				<p class="notice">
					Releases are stopped by hand: <a href="/admin/freezes">{freezes.map(scopeText).join(", ")}</a>.
				</p>
			)}
			<div class="grid figures four">
				{figures.map(({ label, path, count, file }) => (
					<a class="card figure" href={path} key={label}>
						<span class="soft">{label}</span>
						<strong>{count.toLocaleString("en")}</strong>
						{file === 0 ? null : <small>{`${file === count ? "all" : file} from draven.yaml`}</small>}
					</a>
				))}
			</div>
			<div class="split even">
				<section class="card" aria-labelledby="connected">
					<h2 id="connected">Connected</h2>
					<ul class="plain">
						{(["slack", "teams"] as const).map((chat) => (
							<li class="row" key={chat}>
								<span>{CHATS[chat]}</span>
								{deps.chats[chat] === undefined ? <Badge>not connected</Badge> : <Badge tone="good">connected</Badge>}
							</li>
						))}
						{integrations.map((one) => (
							<li class="row" key={one.id}>
								<a href={`/admin/integrations/${one.name}`}>{one.name}</a>
								<Badge>{one.values.provider}</Badge>
							</li>
						))}
					</ul>
				</section>
				<section class="card" aria-labelledby="health">
					<h2 id="health">Work behind the scenes</h2>
					<dl class="facts">
						<dt>Reached at</dt>
						<dd>
							<code>{deps.publicUrl}</code>
						</dd>
						<dt>Jobs that wait</dt>
						<dd>{jobs.waiting.toLocaleString("en")}</dd>
						<dt>Jobs given up</dt>
						<dd>
							{jobs.dead === 0 ? (
								"none"
							) : (
								<Badge tone="bad">{`${jobs.dead.toLocaleString("en")}: the log of the server says why`}</Badge>
							)}
						</dd>
						<dt>Local mode</dt>
						<dd>{deps.localMode ? "on: sample people, and loopback alone" : "off"}</dd>
					</dl>
					<p class="soft">
						<code>draven doctor</code> looks at all of it, and <code>draven export</code> prints it as a draven.yaml.
					</p>
				</section>
			</div>
		</>
	);
	return adminPage("overview", "Admin", content);
}
