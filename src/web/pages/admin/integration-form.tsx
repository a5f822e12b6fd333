import type { Entry } from "../../../configuration/entries.ts";
import type { Provider } from "../../../store/entities.ts";
import { SecretArea, SecretField, SelectField, TextField, textOr } from "./fields.tsx";

export const PROVIDERS: Record<Provider, { readonly name: string; readonly says: string }> = {
	github: { name: "GitHub", says: "Actions workflows, on github.com or Enterprise Server." },
	gitlab: { name: "GitLab", says: "Pipelines, on gitlab.com or self-managed." },
	bitbucket: { name: "Bitbucket", says: "Custom pipelines of Bitbucket Cloud." },
	runner: { name: "Own runners", says: "Machines of yours that ask for work: for any git repository." },
};

export function isProvider(text: string | undefined): text is Provider {
	return text !== undefined && Object.hasOwn(PROVIDERS, text);
}

const FIELDS: Record<Provider, readonly string[]> = {
	github: ["baseUrl", "by", "app.id", "app.installationId"],
	gitlab: ["baseUrl", "mode"],
	bitbucket: [],
	runner: [],
};
const SECRETS: Record<Provider, readonly string[]> = {
	github: ["token", "app.privateKey", "webhookSecret"],
	gitlab: ["token", "webhookSecret"],
	bitbucket: ["token", "webhookSecret"],
	runner: [],
};

export function namesFor(provider: Provider): readonly string[] {
	return [...FIELDS[provider], ...SECRETS[provider]];
}

/** What was sent without its secrets: they go into no page. */
export function withoutSecrets(provider: Provider, values: Readonly<Record<string, string>>): Record<string, string> {
	return { ...values, ...Object.fromEntries(SECRETS[provider].map((name) => [name, ""])) };
}

/** What the fields show of an entry. */
export function integrationValues(provider: Provider, entry: Entry): Record<string, string> {
	const app = (entry["app"] ?? {}) as Entry;
	const all: Record<string, unknown> = {
		...{ baseUrl: entry["baseUrl"], by: entry["app"] === undefined ? "token" : "app", mode: entry["mode"] },
		...{ "app.id": app["id"], "app.installationId": app["installationId"] },
	};
	return Object.fromEntries(namesFor(provider).map((name) => [name, String(all[name] ?? "")]));
}

/** The entry that the fields ask for. `before`: as it is shown now, its secrets as the variables that keep them. */
export function integrationEntryIn(provider: Provider, values: Readonly<Record<string, string>>, before: Entry): Entry {
	const secret = (name: string) => textOr(values[name], before[name]);
	const known = (name: string, value: unknown) => (value === undefined ? {} : { [name]: value });
	const byApp = provider === "github" && values["by"] === "app";
	const beforeApp = (before["app"] ?? {}) as Entry;
	const app = {
		...known("id", textOr(values["app.id"], undefined)),
		...known("installationId", textOr(values["app.installationId"], undefined)),
		...known("privateKey", textOr(values["app.privateKey"], beforeApp["privateKey"])),
	};
	return {
		provider,
		...known("baseUrl", provider === "bitbucket" ? before["baseUrl"] : textOr(values["baseUrl"], undefined)),
		...(provider === "runner" ? {} : known("webhookSecret", secret("webhookSecret"))),
		...(provider === "runner" || byApp ? {} : known("token", secret("token"))),
		...(byApp ? { app } : {}),
		...(provider === "gitlab" ? known("mode", textOr(values["mode"], undefined)) : {}),
	};
}

const TOKENS: Record<Exclude<Provider, "runner">, string> = {
	github:
		"Fine-grained: Actions, Contents and Checks of the repositories; classic: repo. With admin:repo_hook webhooks are set up for you.",
	gitlab: "A project or group access token with the scope api, and the role Maintainer to set webhooks up.",
	bitbucket: "An access token of the repository or workspace: pipelines, repositories and webhooks.",
};

/** The fields that a provider has. `before`: which secrets are kept. */
export function IntegrationFields({ provider, before }: { readonly provider: Provider; readonly before: Entry }) {
	if (provider === "runner")
		return <p class="soft">Runners need nothing here: they come by themselves, with a token of their own.</p>;
	const has = (name: string) => before[name] !== undefined;
	const github = provider === "github";
	return (
		<div class="fields">
			{provider === "bitbucket" ? null : (
				<TextField
					name="baseUrl"
					label="Address of its API"
					placeholder={github ? "https://api.github.com" : "https://gitlab.com"}
					hint={github ? "Empty: github.com. Enterprise Server: https://…/api/v3." : "Empty: gitlab.com."}
				/>
			)}
			{github ? (
				<SelectField
					name="by"
					label="DRAVEN speaks as"
					options={[
						{ value: "token", label: "the owner of a token" },
						{ value: "app", label: "a GitHub App" },
					]}
				/>
			) : null}
			<SecretField name="token" label="Token" kept={has("token")} hint={TOKENS[provider]} />
			{github ? (
				<>
					<TextField name="app.id" label="App ID" hint="With a GitHub App." />
					<TextField name="app.installationId" label="Installation ID" hint="With a GitHub App." />
					<SecretArea
						name="app.privateKey"
						label="Private key of the App"
						kept={has("app")}
						hint="The whole PEM file, with a GitHub App."
					/>
				</>
			) : null}
			<SecretField
				name="webhookSecret"
				label="Secret of its webhooks"
				kept={has("webhookSecret")}
				hint="What signs them. Empty: make one on the page of the integration."
			/>
			{provider === "gitlab" ? (
				<SelectField
					name="mode"
					label="What the pipeline gets"
					options={[
						{ value: "", label: "variables (as everywhere)" },
						{ value: "variables", label: "variables" },
						{ value: "inputs", label: "inputs of the pipeline" },
					]}
				/>
			) : null}
		</div>
	);
}
