import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { readConfig } from "../src/config.ts";

/** docker-compose.yml and the image, read as compose reads them. */

interface Service {
	readonly env_file?: string;
	readonly environment: Readonly<Record<string, string>>;
	readonly volumes: readonly string[];
	readonly ports?: readonly string[];
}

const fromRoot = (name: string) => readFile(fileURLToPath(new URL(`../../${name}`, import.meta.url)), "utf8");

/** What the first lines of the file tell people to write. */
const ENV_FILE = {
	POSTGRES_PASSWORD: "a".repeat(48),
	DRAVEN_SECRET_KEY: Buffer.alloc(32, 1).toString("base64"),
	SLACK_BOT_TOKEN: "xoxb-1",
	SLACK_SIGNING_SECRET: "signing-secret",
	GITHUB_TOKEN: "ghp_1",
	DRAVEN_CONFIG: "/config/draven.yaml",
};

let compose: { services: Record<string, Service>; volumes: Record<string, unknown> };
let dockerfile: string;
beforeAll(async () => {
	compose = parse(await fromRoot("docker-compose.yml"), { merge: true });
	dockerfile = await fromRoot("Dockerfile");
});

const replicas = () => Object.entries(compose.services).filter(([name]) => name.startsWith("draven"));

function interpolated(text: string, env: Readonly<Record<string, string>>): string {
	return text.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_all, name: string, how: string, otherwise: string) => {
		const value = env[name] ?? "";
		if (value !== "" || how === undefined) return value;
		if (how === "?") throw new Error(`${name}: ${otherwise}`);
		return otherwise;
	});
}

/** The environment of a container: the image's, then the file's, then the service's. */
function environmentOf(service: Service, env: Readonly<Record<string, string>>): Record<string, string> {
	const image = Object.fromEntries([...dockerfile.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
	const own = Object.entries(service.environment).map(([name, value]) => [name, interpolated(value, env)]);
	return { ...image, ...(service.env_file === ".env" ? env : {}), ...Object.fromEntries(own) };
}

describe("each replica of docker-compose.yml", () => {
	test("there are two, at ports of this machine alone", () => {
		const ports = replicas().map(([, { ports }]) => ports?.[0]);
		expect(ports).toEqual(["127.0.0.1:3000:3000", "127.0.0.1:3001:3000"]);
	});

	test("has a configuration that is right, and everything that .env says", () => {
		for (const [, service] of replicas()) {
			const config = readConfig(environmentOf(service, ENV_FILE));
			expect(config).toMatchObject({
				...{ host: "0.0.0.0", port: 3_000, dataDir: "/data", configFile: "/config/draven.yaml" },
				...{ localMode: false, slack: { botToken: "xoxb-1", signingSecret: "signing-secret" } },
				databaseUrl: `postgres://draven:${ENV_FILE.POSTGRES_PASSWORD}@postgres:5432/draven`,
			});
			expect(config.variable("GITHUB_TOKEN")).toBe("ghp_1");
		}
	});

	test("does not start without the two secrets", () => {
		const [, service] = replicas()[0] ?? [];
		expect(() => environmentOf(service as Service, {})).toThrow("see the top of docker-compose.yml");
	});

	test("sees the folder with draven.yaml, and one file of checkpoints for all", () => {
		for (const [, { volumes }] of replicas()) expect(volumes).toEqual(["./config:/config:ro", "draven:/data"]);
		const named = Object.values(compose.services)
			.flatMap(({ volumes }) => volumes.map((one) => one.split(":")[0] ?? ""))
			.filter((name) => !name.startsWith("."));
		expect(new Set(named)).toEqual(new Set(Object.keys(compose.volumes)));
	});
});

describe("the image", () => {
	test("has `draven` on its path, and starts with it", async () => {
		expect(dockerfile).toContain("chmod +x build/src/main.js && ln -s /app/build/src/main.js /usr/local/bin/draven");
		expect(dockerfile).toContain('ENTRYPOINT ["draven"]');
		expect(await fromRoot("build/src/main.js")).toMatch(/^#!\/usr\/bin\/env node\n/);
	});

	test("runs as nobody special, on the folder that it may write to", () => {
		expect(dockerfile).toMatch(/USER node\nVOLUME \/data/);
	});
});
