import { VendorError } from "../../src/ports/vendor-error.ts";

export interface Claims {
	readonly iss: string;
	readonly [name: string]: unknown;
}

const ENTRA_HOSTS = [
	/^login\.microsoftonline\.(com|us)$/,
	/^login\.partner\.microsoftonline\.cn$/,
	/^sts\.windows\.net$/,
];

export function isEntra(host: string): boolean {
	return ENTRA_HOSTS.some((one) => one.test(host));
}

/**
 * The address that the provider vouches for. An address that somebody only wrote into their profile names nobody: else whoever has an
 * account at the provider could be anybody here. Throws VendorError.
 */
export function verifiedEmail(claims: Claims, host: string): string {
	const { email } = claims;
	if (typeof email !== "string" || email === "")
		throw new VendorError("rejected", `${host} did not tell your e-mail address: ask an admin to let it be told.`);
	if (email.length > 254 || !/^[^\s@\p{C}]+@[^\s@\p{C}]+$/u.test(email))
		throw new VendorError("rejected", `What ${host} told is no e-mail address that can be used here.`);
	if (isEntra(host) ? !entraVouches(claims) : !isYes(claims["email_verified"]))
		throw new VendorError(
			"rejected",
			isEntra(host)
				? `${host} does not say that your address is verified, or that you are a member: ask an admin to add the claims xms_edov and acct (README, Sign in by OpenID Connect).`
				: `${host} does not say that your e-mail address is verified: verify it there, then sign in again.`,
		);
	return email.toLowerCase();
}

/**
 * At Entra the admin of any directory may write any address into it. It counts when the domain's owner is verified, and for a member
 * (never a guest) of the one directory that the issuer is bound to.
 */
function entraVouches({ iss, tid, acct, xms_edov }: Claims): boolean {
	if (isYes(xms_edov)) return true;
	return (
		typeof tid === "string" && tid !== "" && new URL(iss).pathname.split("/")[1] === tid && Number(acct ?? 1) === 0
	);
}

/** Entra and older providers write a truth as text or number. */
function isYes(value: unknown): boolean {
	return value === true || value === 1 || value === "1" || value === "true";
}
