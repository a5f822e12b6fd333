import { readFile } from "node:fs/promises";
import type { Logger } from "pino";
import { bitbucketWebhook } from "../adapters/bitbucket/webhook.ts";
import { githubWebhook } from "../adapters/github/webhook.ts";
import { gitlabWebhook } from "../adapters/gitlab/webhook.ts";
import { localPeople } from "../adapters/local/people.ts";
import { openIdProvider } from "../adapters/openid/provider.ts";
import { createSlack, type Slack } from "../adapters/slack/app.ts";
import { createTeams, type Teams } from "../adapters/teams/app.ts";
import { applyWhenFree } from "./apply-when-free.ts";
import { examineIntegration } from "./cli/examine-integration.ts";
import type { Config } from "./config.ts";
import { applyDocument } from "./configuration/apply.ts";
import { readDocument } from "./configuration/document.ts";
import { openSecrets, secretValues } from "./configuration/integrations.ts";
import { describeProblem } from "./configuration/problem.ts";
import { SYSTEM_ACTOR } from "./core/audit-entry.ts";
import type { Deps } from "./deps.ts";
import { ensureRecurring, makeHandlers } from "./jobs/handlers.ts";
import { startWakeUp, type WakeUp } from "./jobs/wake.ts";
import { startWorker, type Worker } from "./jobs/worker.ts";
import { removeLocalFile, writeLocalFile } from "./local-file.ts";
import { makeSample, retireSample, startLocalRunner } from "./local-mode.ts";
import { localTokens } from "./local-tokens.ts";
import { makeCheckup } from "./make-checkup.ts";
import { makePipelines } from "./make-deps.ts";
import { openStore, type Store } from "./open-store.ts";
import type { Front } from "./ports/front.ts";
import { Sentence } from "./sentence.ts";
import { startupText } from "./startup-text.ts";
import { writeCheckpoint } from "./store/checkpoints.ts";
import { startDatabaseClock } from "./store/database-clock.ts";
import { groupedEnqueue } from "./store/grouped-enqueue.ts";
import { putOffAnswers } from "./store/put-off-answers.ts";
import { readinessOf } from "./store/readiness.ts";
import { teamsConversations } from "./store/teams-conversations.ts";
import { ensureInitToken } from "./store/tokens.ts";
import { forgetWaiting, noteWaiting } from "./store/waiting-configuration.ts";
import { createFront } from "./use-cases/front.ts";
import { firstLink } from "./use-cases/web-sign-in.ts";
import { openIdConnect } from "./web/pages/openid-connect.ts";
import { createWebServer, type WebServer } from "./web/server.ts";

export interface ServeOptions {
	readonly web: boolean;
	readonly worker: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Everything that runs, and the one way to end it. */
export interface Running {
	readonly url: string | null;
	/** One sentence, once it cannot go on and has to be stopped. */
	readonly lost: Promise<string>;
	/** Takes nothing new, lets what is under way end, and closes. */
	stop(): Promise<void>;
}

/** Starts the server, the background work, or both. Throws one sentence when it cannot. */
export async function serve(config: Config, env: Environment, log: Logger, options: ServeOptions): Promise<Running> {
	// The worker beside a server shares the embedded Postgres, which belongs to the server.
	const store = await openStore(config, options.web ? "server" : "command", () =>
		log.warn("another process migrates this database: waiting until it is done"),
	);
	const ends: (() => Promise<void>)[] = [() => store.close()];
	const stop = async () => {
		for (const end of ends.splice(0).reverse())
			await end().catch((error: unknown) => log.error({ err: error }, "could not be ended in order"));
	};
	try {
		const { now, stop: stopClock } = await startDatabaseClock(store.db, log);
		ends.push(async () => stopClock());
		ends.push(await prepare(store, config, env, log, now));
		let wakeUp: WakeUp | null = null;
		let worker: Worker | null = null;
		let front: Front | null = null;
		const chats: ChatContext = {
			...{ config, store, log, now, wake: () => wakeUp?.wake() },
			front() {
				if (front === null) throw new Error("somebody spoke before the start was over");
				return front;
			},
		};
		const slack = makeSlack(chats);
		const teams = makeTeams(chats);
		const deps = makeDeps({ ...chats, env, slack, teams });
		front = createFront(deps);
		const connected = slack === null ? null : await startSlack(slack);
		if (slack !== null) ends.push(() => slack.stop());

		if (options.worker) {
			await ensureRecurring(deps);
			const handlers = makeHandlers(deps, {
				slackIn: async (body) => slack?.process(body),
				apologise: async (kind, body, sentence) => (kind === "slack_in" ? slack : teams)?.apologise(body, sentence),
				teamsIn: async (stored) => teams?.process(stored),
				writeCheckpoint: async () => {
					await writeCheckpoint({ ...store, now }, config.dataDir);
				},
			});
			worker = startWorker(deps, handlers);
		}
		wakeUp = await startWakeUp(store.url, () => worker?.wake(), log);
		ends.push(() => wakeUp?.stop() ?? Promise.resolve());
		if (worker !== null) ends.push(worker.stop);

		const url = options.web ? await listen({ config, env, store, deps, front, slack, teams, log, now, ends }) : null;
		// Not where it would be kept in the log of a container.
		const shown = options.web && (config.localMode || process.stdout.isTTY);
		const signIn = shown
			? await firstLink(config.port === 0 && url !== null ? { ...deps, publicUrl: url } : deps)
			: null;
		process.stdout.write(await startupText({ config, store, url, slack: connected, options, signIn }));
		return { url, lost: store.lost, stop };
	} catch (error) {
		await stop();
		throw error;
	}
}

/** Gives what ends it. */
async function prepare(
	store: Store,
	config: Config,
	env: Environment,
	log: Logger,
	now: () => Date,
): Promise<() => Promise<void>> {
	if (config.initApiToken !== null) await ensureInitToken({ ...store, now }, config.initApiToken, SYSTEM_ACTOR);
	await forgetWaiting(store.db);
	const note = (what: string) => (because: readonly string[] | null) => noteWaiting(store.db, what, because);
	const sample = config.localMode
		? await applyWhenFree(() => makeSample(store, config, env, now), "the sample", log, note("the sample"))
		: await retireSample(store, config.dataDir, now);
	const { configFile } = config;
	const file =
		configFile === null
			? undefined
			: await applyWhenFree(() => applyFile(store, config, configFile, now), configFile, log, note(configFile));
	return async () => {
		await sample?.();
		await file?.();
	};
}

async function applyFile(store: Store, config: Config, path: string, now: () => Date): Promise<void> {
	const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
		throw new Sentence(`DRAVEN_CONFIG names ${path}, which cannot be read (${error.code}).`);
	});
	const read = readDocument(text, { variable: config.variable });
	if (!read.ok)
		throw new Sentence(
			`${path} was not applied:\n${read.problems.map((one) => `  ${describeProblem(one)}`).join("\n")}`,
		);
	await applyDocument({ ...store, now }, read.document, {
		...{ prune: false, dryRun: false, actor: SYSTEM_ACTOR, managedBy: "file" },
	});
}

/** What a chat is connected with. */
interface ChatContext {
	readonly config: Config;
	readonly store: Store;
	readonly log: Logger;
	readonly now: () => Date;
	readonly front: () => Front;
	readonly wake: () => void;
}

function makeSlack({ config, store, log, now, front, wake }: ChatContext): Slack | null {
	if (config.slack === null) return null;
	const { botToken, signingSecret, appToken, apiUrl } = config.slack;
	const keep = groupedEnqueue(store.db, now);
	return createSlack({
		botToken,
		...(signingSecret === null ? {} : { signingSecret }),
		...(appToken === null ? {} : { appToken }),
		...(apiUrl === null ? {} : { apiUrl }),
		front,
		store: async ({ body, ...keys }) => {
			if (await keep({ kind: "slack_in", ...keys, payload: body })) wake();
		},
		log,
	});
}

function makeTeams({ config, store, log, now, front, wake }: ChatContext): Teams | null {
	if (config.teams === null) return null;
	const keep = groupedEnqueue(store.db, now);
	return createTeams({
		app: config.teams.kind === "app" ? config.teams : null,
		graphBaseUrl: config.graphBaseUrl,
		conversations: teamsConversations(store.db, now),
		front,
		store: async ({ body, ...keys }) => {
			if (await keep({ kind: "teams_in", ...keys, payload: body })) wake();
		},
		answers: putOffAnswers(store.db, now, wake),
		log,
	});
}

/** It throws when Slack does not accept a token, and then nothing is worth starting. */
async function startSlack(slack: Slack): ReturnType<Slack["start"]> {
	return slack.start().catch((error: Error) => {
		throw new Sentence(error.message, { cause: error });
	});
}

interface Parts extends ChatContext {
	readonly env: Environment;
	readonly slack: Slack | null;
	readonly teams: Teams | null;
}

function makeDeps({ store, config, env, log, now, slack, teams, wake }: Parts): Deps {
	return {
		db: store.db,
		box: store.box,
		auditKey: store.auditKey,
		chats: { ...(slack === null ? {} : { slack: slack.chat }), ...(teams === null ? {} : { teams: teams.chat }) },
		groups: {
			...(slack === null ? {} : { slack: slack.groups }),
			...(teams === null ? {} : { teams: teams.groups }),
			...(config.localMode ? { local: localPeople } : {}),
		},
		pipelineOf: makePipelines(store, env, now),
		checkupOf: (integration) => makeCheckup(store.box, integration, now),
		secretsOf: (integration) => secretValues(store.box, integration),
		now,
		log,
		wake,
		forgetPeople: (platform, what) => {
			if (platform === "slack") slack?.groups.forget(what);
			if (platform === "teams") teams?.groups.forget(what);
		},
		publicUrl: config.publicUrl,
		localMode: config.localMode,
		pollIntervalSeconds: config.pollIntervalSeconds,
	};
}

interface WebContext {
	readonly config: Config;
	readonly env: Environment;
	readonly store: Store;
	readonly deps: Deps;
	readonly front: Front;
	readonly slack: Slack | null;
	readonly teams: Teams | null;
	readonly log: Logger;
	readonly now: () => Date;
	readonly ends: (() => Promise<void>)[];
}

async function listen({ config, env, store, deps, front, slack, teams, log, now, ends }: WebContext): Promise<string> {
	const web: WebServer = createWebServer({
		deps,
		front,
		slackInbox: slack?.inbox ?? null,
		teamsInbox: teams?.inbox ?? null,
		webhooks: { github: githubWebhook, gitlab: gitlabWebhook, bitbucket: bitbucketWebhook },
		dataDir: config.dataDir,
		webhookSecretOf: (integration) => openSecrets(store.box, integration).webhookSecret ?? null,
		examineIntegration: (row, options) => examineIntegration({ store, now, publicUrl: deps.publicUrl }, row, options),
		ready: readinessOf(store.db),
		...(config.oidc === null ? {} : { openId: openIdConnect(deps, openIdProvider(config.oidc)) }),
		log,
	});
	const { port } = await web.listen({ host: config.host, port: config.port }).catch((error: NodeJS.ErrnoException) => {
		if (error.code === "EADDRINUSE")
			throw new Sentence(`PORT ${config.port} is taken by another program: set PORT to a free one, or to 0 for any.`);
		throw new Sentence(`${config.host}:${config.port} cannot be listened on (${error.code}): check HOST and PORT.`);
	});
	ends.push(() => web.close());
	const url = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}`;
	if (config.localMode) {
		const tokens = await localTokens(store, config.dataDir, now);
		await writeLocalFile(config.dataDir, { url, token: tokens.say });
		ends.push(() => removeLocalFile(config.dataDir, tokens.say));
		if (tokens.runner !== null) ends.push(startLocalRunner(url, tokens.runner, config, env, log).stop);
	}
	return url;
}
