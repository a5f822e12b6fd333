import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { parseAllDocuments } from "yaml";

/** The schemas that GitLab and Atlassian publish, as the package `schemastore` keeps them. */
const SCHEMAS = join(dirname(createRequire(import.meta.url).resolve("schemastore/package.json")), "schemas/json");
const GITLAB = "gitlab.com/gitlab-org/gitlab/-/raw/master/app/assets/javascripts/editor/schema/ci.json";
const BITBUCKET = "bitbucket.org/atlassianlabs/atlascode/raw/main/resources/schemas/pipelines-schema.json";

function check(schema: string, file: unknown): unknown[] {
	const ajv = new Ajv({ strict: false, allErrors: true });
	addFormats.default(ajv);
	const validate = ajv.compile(JSON.parse(readFileSync(join(SCHEMAS, schema), "utf8")));
	validate(file);
	return validate.errors ?? [];
}

/** The last document: what stands before it in a file of GitLab is its `spec`. */
function read(path: string): Record<string, unknown> {
	return parseAllDocuments(readFileSync(join("manifests/pipelines", path), "utf8"))
		.at(-1)
		?.toJS();
}

function change(
	file: Record<string, unknown>,
	replace: (key: string, value: unknown) => unknown,
): Record<string, unknown> {
	return JSON.parse(JSON.stringify(file, replace));
}

describe("the ready pipeline files are what their providers take", () => {
	test.each(["gitlab/.gitlab-ci.yml", "gitlab/.gitlab-ci-inputs.yml"])("%s", (path) => {
		// `expand` of a job's variable is younger than the schema.
		const known = change(read(path), (_key, value) =>
			typeof value === "object" && value !== null && "expand" in value && "value" in value ? value.value : value,
		);
		expect(check(GITLAB, known)).toEqual([]);
		expect(check(GITLAB, { ...known, deploy: { script: 3 } })).not.toEqual([]);
	});

	test("bitbucket/bitbucket-pipelines.yml", () => {
		// `description` of a variable is younger than the schema.
		const known = change(read("bitbucket/bitbucket-pipelines.yml"), (key, value) =>
			key === "description" ? undefined : value,
		);
		expect(check(BITBUCKET, known)).toEqual([]);
		expect(check(BITBUCKET, { ...known, pipelines: { custom: { deploy: [{ stepp: {} }] } } })).not.toEqual([]);
	});
});
