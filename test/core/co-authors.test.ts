import { expect, test } from "@jest/globals";
import { coAuthorsOf, isNobodys } from "../../src/core/co-authors.ts";

test("co-authors are named by trailers, in any case, wherever they stand", () => {
	const message = [
		"Sell tea",
		"",
		"Co-authored-by: Ada L. <ada@acme.test>\r",
		"It is not Co-authored-by: Eve <eve@acme.test>",
		"",
		"co-authored-BY:<bob@acme.test>",
		"Co-authored-by: Nobody",
	].join("\n");
	expect(coAuthorsOf(message)).toEqual([
		{ name: "Ada L.", email: "ada@acme.test" },
		{ name: "bob@acme.test", email: "bob@acme.test" },
	]);
});

test("addresses of nobody are those of a provider's own hand and of programs", () => {
	const addresses = ["noreply@github.com", "No-Reply@x.test", "49699333+dependabot[bot]@users.noreply.github.com"];
	expect(addresses.map(isNobodys)).toEqual([true, true, true]);
	expect(["7+ada@users.noreply.github.com", "ada@acme.test", null].map(isNobodys)).toEqual([false, false, false]);
});
