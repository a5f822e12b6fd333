import { isLoopbackHost } from "../core/base-url.ts";

/** What a project has to say for its provider. Null: it fits; else the rest of a sentence that begins with the place. */
export function checkRepository(provider: string, repository: string): string | null {
	switch (provider) {
		case "github":
		case "bitbucket":
			return /^[\w.-]+\/[\w.-]+$/.test(repository) && !repository.includes("..")
				? null
				: `is no repository of ${provider}: write ${provider === "github" ? "owner/name" : "workspace/slug"}, such as acme/web`;
		case "gitlab":
			return /^[\w.-]+(\/[\w.-]+)+$/.test(repository) && !repository.includes("..")
				? null
				: "is no path of a GitLab project: write it like group/project";
		case "runner":
			return checkGitUrl(repository);
		default:
			return null;
	}
}

/** Bitbucket Cloud has one address; what has another is a Data Center. Loopback is somebody's stand-in for it. */
export function checkBitbucketUrl(baseUrl: string): string | null {
	const { hostname } = new URL(baseUrl);
	return hostname === "api.bitbucket.org" || isLoopbackHost(hostname)
		? null
		: `is not Bitbucket Cloud's: Bitbucket Data Center has no Pipelines, so DRAVEN cannot deploy with it. Leave baseUrl out for Bitbucket Cloud, or let a runner execute what lies in a Data Center (provider: runner)`;
}

/** GitLab takes keys of 32 bytes alone. Any other word is a plain token. */
export function checkSigningToken(secret: string): string | null {
	const [, base64] = /^whsec_(.*)$/s.exec(secret) ?? [];
	if (base64 === undefined) return null;
	const key = Buffer.from(base64, "base64");
	return key.length === 32 && key.toString("base64") === base64
		? null
		: "is no signing token: write whsec_ and the base64 of 32 bytes (openssl rand -base64 32 makes them)";
}

/** A leading dash would be an option of git, `transport::address` runs a program, a password would be shown to everybody. */
function checkGitUrl(url: string): string | null {
	// Over http a name alone may be a token.
	if (/^https?:\/*[^/?#]*@/i.test(url) || /^(ssh:)?\/\/[^/?#]*:[^/?#]*@/i.test(url))
		return "carries a user name or a password, which may be a token and which everybody would see: take what stands before the @ out, and give the runner its own git credentials";
	const folder = /^(\/|[A-Za-z]:[\\/])/.test(url);
	const known = folder || (/^(https?:\/\/|ssh:\/\/|file:\/\/|[\w.-]+@[\w][\w.-]*:)/.test(url) && !/\s/.test(url));
	return known && !url.includes("::")
		? null
		: "is no git URL: write https://…, ssh://…, user@host:path or an absolute path";
}

export function checkPipeline(provider: string, pipeline: string | null): string | null {
	switch (provider) {
		case "github":
			return pipeline !== null && /^[\w.-]+\.ya?ml$/.test(pipeline)
				? null
				: "has to be the name of a workflow file in .github/workflows, such as deploy.yml";
		case "bitbucket":
			return pipeline !== null ? null : "is missing: name the custom pipeline of bitbucket-pipelines.yml";
		case "runner":
			return pipeline === null || isInside(pipeline)
				? null
				: "has to be the entrypoint's path inside the repository, such as deploy/run.sh";
		default:
			return null;
	}
}

/** What a file may leave out. */
export function defaultPipeline(provider: string): string {
	return provider === "runner" ? "deploy/run.sh" : "";
}

function isInside(path: string): boolean {
	return !path.startsWith("/") && !path.startsWith("-") && !path.split(/[\\/]/).includes("..");
}
