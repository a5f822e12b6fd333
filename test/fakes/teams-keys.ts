import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";

type Pair = { readonly privateKey: KeyObject; readonly publicKey: KeyObject };

export function makePair(): Pair {
	return generateKeyPairSync("rsa", { modulusLength: 2048 });
}

/** Making one takes a while. */
let shared: Pair | null = null;

/** A key set as Microsoft publishes it, and the tokens that it signs. */
export class TeamsKeys {
	readonly kid: string;
	readonly #private: KeyObject;
	readonly jwk: Readonly<Record<string, unknown>>;

	constructor(kid: string, pair?: Pair) {
		this.kid = kid;
		shared ??= makePair();
		const { privateKey, publicKey } = pair ?? shared;
		this.#private = privateKey;
		this.jwk = { ...publicKey.export({ format: "jwk" }), kid, use: "sig", endorsements: ["msteams"] };
	}

	sign(claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}): string {
		const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
		const signed = `${part({ alg: "RS256", typ: "JWT", kid: this.kid, ...header })}.${part(claims)}`;
		return `${signed}.${createSign("RSA-SHA256").update(signed).sign(this.#private).toString("base64url")}`;
	}
}
