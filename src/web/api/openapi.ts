import { z } from "zod";
import { ProblemAnswer } from "./answers.ts";
import type { Endpoint } from "./endpoint.ts";
import { NoBody } from "./schemas.ts";

type Json = Readonly<Record<string, unknown>>;
type Describe = (schema: z.ZodType, io: "input" | "output") => Json;

/** The description of the API (OpenAPI 3.1), from the very schemas that requests are checked with. */
export function describeApi(base: string, endpoints: readonly Endpoint[]): Json {
	const named: Record<string, unknown> = {};
	const describe: Describe = (schema, io) => {
		const { $schema: _, $defs, ...own } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
		Object.assign(named, $defs);
		return own;
	};
	const paths: Record<string, Record<string, unknown>> = {};
	for (const endpoint of endpoints) {
		const path = `${base}${endpoint.path.replaceAll(/:(\w+)/g, "{$1}")}`;
		paths[path] = { ...paths[path], [endpoint.method.toLowerCase()]: operation(endpoint, describe) };
	}
	const api = {
		openapi: "3.1.0",
		info: {
			title: "DRAVEN",
			version: "1",
			description: "Every error is `application/problem+json` with a stable `code`. Lists are read on with `cursor`.",
		},
		servers: [{ url: "/" }],
		security: [{ token: [] }],
		paths,
		components: {
			securitySchemes: { token: { type: "http", scheme: "bearer", description: "Of `draven token create`." } },
			schemas: named,
		},
	};
	// The names of zod are those of a schema alone; in this document they have another place.
	return JSON.parse(JSON.stringify(api).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;
}

function operation(
	{ method, path, summary, query, body, bodyDescribed, token, answers, text, streams, ifMatch }: Endpoint,
	describe: Describe,
): Json {
	return {
		summary,
		operationId: [method.toLowerCase(), ...path.split(/[/:]+/).filter((part) => part !== "")].join("_"),
		tags: [token === "runner" ? "runner" : path.split("/")[1]],
		parameters: [
			...[...path.matchAll(/:(\w+)/g)].map(([, name]) => parameter("path", name, { type: "string" }, true)),
			...queryParameters(describe(query, "input")),
			...(ifMatch ? [parameter("header", "If-Match", { type: "string" }, false)] : []),
			...(method === "POST" ? [parameter("header", "Idempotency-Key", { type: "string", maxLength: 255 }, false)] : []),
		],
		...(body === NoBody ? {} : { requestBody: requestBody(bodyDescribed ?? body, text, describe) }),
		responses: {
			...Object.fromEntries(
				Object.entries(answers).map(([status, answer]) => [status, response(answer, { text, streams }, describe)]),
			),
			default: {
				description: "A problem",
				content: { "application/problem+json": { schema: describe(ProblemAnswer, "output") } },
			},
		},
	};
}

const PLAIN = { "text/plain": { schema: { type: "string" } } };

function requestBody(body: z.ZodType, text: Endpoint["text"], describe: Describe): Json {
	return {
		required: !body.safeParse(undefined).success,
		content: { "application/json": { schema: describe(body, "input") }, ...(text === "takes" ? PLAIN : {}) },
	};
}

const EVENTS = { "text/event-stream": { schema: { type: "string" } } };

function response(
	answer: z.ZodType | null,
	{ text, streams }: { readonly text: Endpoint["text"]; readonly streams: Endpoint["streams"] },
	describe: Describe,
): Json {
	if (answer === null) return { description: "Done, nothing to say" };
	const json = { "application/json": { schema: describe(answer, "output") } };
	return {
		description: "Done",
		content: { ...json, ...(text === "gives" ? PLAIN : {}), ...(streams ? EVENTS : {}) },
	};
}

function queryParameters(schema: Json): Json[] {
	const { properties = {}, required = [] } = schema as { properties?: Json; required?: readonly string[] };
	return Object.entries(properties).map(([name, one]) => parameter("query", name, one, required.includes(name)));
}

function parameter(where: string, name: string | undefined, schema: unknown, required: boolean): Json {
	return { name, in: where, required, schema };
}
