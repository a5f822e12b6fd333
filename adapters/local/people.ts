import type { GroupsPort, Profile } from "../../src/ports/groups.ts";
import { VendorError } from "../../src/ports/vendor-error.ts";

export interface LocalPerson {
	/** What `--as` takes. */
	readonly id: string;
	readonly name: string;
	readonly email: string;
	readonly outsider: boolean;
	/** For the start-up page and the README: what they are there to show. */
	readonly is: string;
}

/** The sample people of local mode. */
export const LOCAL_PEOPLE: readonly LocalPerson[] = [
	{ id: "ada", name: "Ada", email: "ada@shop.example", outsider: false, is: "operator, approver and admin" },
	{ id: "ben", name: "Ben", email: "ben@shop.example", outsider: false, is: "operator and approver" },
	{ id: "cleo", name: "Cleo", email: "cleo@shop.example", outsider: false, is: "operator on stage and demo" },
	{ id: "dan", name: "Dan", email: "dan@shop.example", outsider: false, is: "viewer" },
	{ id: "guest", name: "Gus", email: "gus@elsewhere.example", outsider: true, is: "a guest from outside" },
];

/** Stands where a workspace says who people are. There are no groups: roles are bound to the people themselves. */
export const localPeople: GroupsPort = {
	platform: "local",
	async profile(user: string): Promise<Profile> {
		const person = LOCAL_PEOPLE.find((one) => one.id === user.toLowerCase());
		if (person === undefined)
			throw new VendorError(
				"not_found",
				`There is no sample person "${user.slice(0, 50)}". There are ${LOCAL_PEOPLE.map(({ id }) => id).join(", ")}.`,
			);
		return { name: person.name, email: person.email, outsider: person.outsider, timezone: null };
	},
	async memberOf(): Promise<ReadonlySet<string>> {
		return new Set();
	},
};
