import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Claims = Record<string, unknown>;

interface Code {
	readonly nonce: string;
	readonly challenge: string;
	readonly redirectUri: string;
}

const newKey = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A provider of OpenID Connect who lets everybody in as `person`: codes are good once, and signatures are real. */
export class OpenIdServer {
	readonly clientId = "draven";
	readonly clientSecret = "the-secret-of-the-client";
	/** What is said of whoever signs in. */
	person: Claims = { sub: "1", name: "Ann", email: "ann@acme.test", email_verified: true };
	/** Told at the userinfo endpoint, not in the proof. */
	aside: Claims | null = null;
	/** Changes a proof before it is signed. */
	forge: (claims: Claims) => Claims = (claims) => claims;
	/** Signs with a key that it does not publish. */
	strangeKey = false;
	/** Nothing is answered until the test lets it. */
	silent = false;
	/** What is said at the way in instead of a code. */
	refusal: string | null = null;
	redeemed = 0;
	/** Of what was asked at the way in. */
	asked: URLSearchParams = new URLSearchParams();
	readonly issuer: string;
	readonly #server: Server;
	readonly #key = newKey();
	readonly #other = newKey();
	readonly #codes = new Map<string, Code>();

	private constructor(server: Server) {
		this.#server = server;
		this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	}

	static async start(port = 0): Promise<OpenIdServer> {
		const server = createServer();
		server.listen(port, "127.0.0.1");
		await once(server, "listening");
		const provider = new OpenIdServer(server);
		server.on("request", (request, response) => {
			provider.#answer(request, response).catch(() => response.destroy());
		});
		return provider;
	}

	async stop(): Promise<void> {
		const closed = once(this.#server, "close");
		this.#server.close();
		this.#server.closeAllConnections();
		await closed;
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		if (this.silent) return;
		const url = new URL(request.url ?? "/", this.issuer);
		const json = (status: number, body: unknown) =>
			response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
		switch (url.pathname) {
			case "/.well-known/openid-configuration":
				return void json(200, this.#description());
			case "/keys":
				return void json(200, { keys: [{ ...this.#key.publicKey.export({ format: "jwk" }), kid: "1", alg: "RS256" }] });
			case "/authorize":
				return void response.writeHead(302, { location: this.#wayBack(url.searchParams).href }).end();
			case "/token":
				return void json(...this.#redeem(request, new URLSearchParams(await readText(request))));
			case "/userinfo":
				return void json(200, { sub: this.person["sub"], ...this.aside });
			default:
				return void json(404, {});
		}
	}

	#description() {
		const { issuer } = this;
		return {
			...{ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` },
			...{ jwks_uri: `${issuer}/keys`, userinfo_endpoint: `${issuer}/userinfo`, response_types_supported: ["code"] },
			...{ subject_types_supported: ["public"], id_token_signing_alg_values_supported: ["RS256"] },
			code_challenge_methods_supported: ["S256"],
		};
	}

	#wayBack(asked: URLSearchParams): URL {
		this.asked = asked;
		const back = new URL(asked.get("redirect_uri") ?? "");
		back.searchParams.set("state", asked.get("state") ?? "");
		const isWhole = asked.get("code_challenge_method") === "S256" && asked.get("client_id") === this.clientId;
		const no = isWhole ? this.refusal : "invalid_request";
		if (no === null) back.searchParams.set("code", this.#newCode(asked));
		else back.searchParams.set("error", no);
		return back;
	}

	#newCode(asked: URLSearchParams): string {
		const code = randomBytes(16).toString("hex");
		this.#codes.set(code, {
			nonce: asked.get("nonce") ?? "",
			challenge: asked.get("code_challenge") ?? "",
			redirectUri: asked.get("redirect_uri") ?? "",
		});
		return code;
	}

	#redeem(request: IncomingMessage, form: URLSearchParams): [number, unknown] {
		this.redeemed += 1;
		const [, basic = ""] = /^Basic (.+)$/.exec(request.headers.authorization ?? "") ?? [];
		const [id, secret] = Buffer.from(basic, "base64").toString("utf8").split(":").map(decodeURIComponent);
		if (id !== this.clientId || secret !== this.clientSecret) return [401, { error: "invalid_client" }];
		const code = this.#codes.get(form.get("code") ?? "");
		this.#codes.delete(form.get("code") ?? "");
		const challenge = createHash("sha256")
			.update(form.get("code_verifier") ?? "")
			.digest("base64url");
		if (code?.challenge !== challenge || code.redirectUri !== form.get("redirect_uri"))
			return [400, { error: "invalid_grant" }];
		const at = Math.floor(Date.now() / 1_000);
		const claims = { iss: this.issuer, aud: this.clientId, iat: at, exp: at + 300, nonce: code.nonce, ...this.person };
		const key = (this.strangeKey ? this.#other : this.#key).privateKey;
		return [200, { access_token: "a", token_type: "Bearer", id_token: sign(this.forge(claims), key) }];
	}
}

function sign(claims: Claims, key: KeyObject): string {
	const text = `${base64({ alg: "RS256", kid: "1", typ: "JWT" })}.${base64(claims)}`;
	return `${text}.${createSign("RSA-SHA256").update(text).sign(key, "base64url")}`;
}

async function readText(request: IncomingMessage): Promise<string> {
	let text = "";
	for await (const chunk of request) text += String(chunk);
	return text;
}
