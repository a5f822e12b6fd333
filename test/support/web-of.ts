import type { WebhookPort } from "../../src/ports/pipeline.ts";
import type { Provider } from "../../src/store/entities.ts";
import { createFront } from "../../src/use-cases/front.ts";
import { createWebServer, type WebServer, type WebServerContext } from "../../src/web/server.ts";
import type { World } from "./world.ts";

/** The web server in front of a world, on a port of its own. `more`: what it is given otherwise. */
export async function openWeb(
	{ deps }: Pick<World, "deps">,
	more: Partial<WebServerContext> = {},
): Promise<{ readonly server: WebServer; readonly url: string }> {
	const server = createWebServer({
		...{ deps, front: createFront(deps), slackInbox: null, teamsInbox: null, webhooks: {}, log: deps.log },
		...{ webhookSecretOf: () => null, ready: async () => ({ ok: true }) },
		...more,
	});
	const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
	return { server, url: `http://127.0.0.1:${port}` };
}

/** The same, with a provider's webhooks let in: their address is the integration's of the world. */
export async function openWebFor(world: World, provider: Provider, port: WebhookPort, secret: string) {
	const { server, url } = await openWeb(world, { webhooks: { [provider]: port }, webhookSecretOf: () => secret });
	return { server, hook: { url: `${url}/webhooks/${provider}/fake`, secret } };
}
