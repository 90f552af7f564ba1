import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { errorCodes, requestFields, secretKeys } from "../../generated/policies.ts";
import { loadYaml as loadFile, type JsonSchema, type OpenApi } from "@clawgate/contract/generate";
import { type ErrorRow, toPolicies } from "./policies.ts";

const loadYaml = (name: string): unknown => loadFile(join(import.meta.dirname, "..", name));
const contract = JSON.parse(readFileSync(new URL("../../generated/openapi.json", import.meta.url), "utf8")) as OpenApi;
const request = contract.components.schemas["ChatCompletionRequest"]?.properties ?? {};
const fields = Object.entries(request);

describe("the request's fields", () => {
  test("each say what happens to them, in the contract and in the table", () => {
    expect(fields).toHaveLength(37);
    expect(fields.map(([name, schema]) => [name, schema["x-support"]])).toEqual(
      Object.entries(requestFields).map(([name, { support }]) => [name, support]),
    );
  });

  test("are refused but for values that their own schema allows", () => {
    const ajv = new Ajv2020({ strict: false });
    ajv.addSchema(contract, "contract");
    for (const [name, schema] of fields) {
      const accepts = schema["x-accepts"] as unknown[] | undefined;
      expect(accepts !== undefined, name).toBe(schema["x-support"] === "refused");
      const guard = ajv.getSchema(`contract#/components/schemas/ChatCompletionRequest/properties/${name}`);
      for (const value of accepts ?? []) expect(guard?.(value), `${name}: ${JSON.stringify(value)}`).toBe(true);
    }
  });

  test("each have a description", () => {
    const bare = fields.filter(([, schema]) => schema.description === undefined && schema.$ref === undefined);
    expect(bare.map(([name]) => name)).toEqual([]);
  });
});

/** A document with one request field. */
function withField(schema: JsonSchema): OpenApi {
  const ChatCompletionRequest = { type: "object", properties: { a: schema } };
  return { openapi: "3.1.0", info: { version: "9" }, paths: {}, components: { schemas: { ChatCompletionRequest } } };
}

test.for<[JsonSchema]>([[{}], [{ "x-support": "maybe" }], [{ "x-support": true }]])(
  "a field with %j stops the generator",
  ([schema]) => {
    expect(() => toPolicies(withField(schema), {}, {}, "")).toThrow("ChatCompletionRequest.a needs x-support");
  },
);

test.for([
  [undefined, false],
  [[], true],
  [[{ token: ["chat"] }], true],
  [[{ token: [] }], false],
  [[{ token: ["chat", "admin"] }], false],
  [[{ token: ["everything"] }], false],
] as const)("an operation with security %j is taken: %s", ([security, taken]) => {
  const operation = { operationId: "look", responses: {}, ...(security === undefined ? {} : { security }) };
  const document = { ...withField({ "x-support": "ignored" }), paths: { "/look": { get: operation } } };
  const make = (): string => toPolicies(document as unknown as OpenApi, {}, loadYaml("config.yaml") as JsonSchema, "");
  if (taken) expect(make).not.toThrow();
  else expect(make).toThrow("look needs security");
});

test("the tables are what the documents say", () => {
  const errors: Record<string, ErrorRow> = {
    one: { status: 400, type: "invalid_request_error", when: "", fix: "" },
    two: { status: 503, type: "server_error", when: "", fix: "", retry: true },
  };
  const secret = { type: "string", "x-secret": true };
  const config = {
    properties: {
      a: { properties: { key: secret, other: {} } },
      b: { additionalProperties: { properties: { key: secret } } },
    },
  };
  const text = toPolicies(withField({ "x-support": "refused", "x-accepts": [null, 1] }), errors, config, "Banner.");
  expect(text).toMatch(/^\/\/ Banner\.\n/);
  expect(text).toContain('  one: { status: 400, type: "invalid_request_error", retry: false },');
  expect(text).toContain('  two: { status: 503, type: "server_error", retry: true },');
  expect(text).toContain('  a: {"support":"refused","accepts":[null,1]},');
  expect(text).toContain('  ["a","key"],\n  ["b","*","key"],\n];');
  expect(text).toContain('contractVersion = "9"');
});

test("every secret of the configuration is known as one", () => {
  const config = JSON.stringify(loadYaml("config.yaml"));
  expect(secretKeys).toHaveLength(config.split('"x-secret":true').length - 1);
  expect(secretKeys).toContainEqual(["gateway", "auth", "token"]);
});

test("every error code is in the contract's schema, with a status and two sentences", () => {
  const rows = Object.entries(loadYaml("errors.yaml") as Record<string, ErrorRow>);
  expect(contract.components.schemas["ErrorCode"]?.enum).toEqual(rows.map(([code]) => code));
  expect(Object.keys(errorCodes)).toEqual(rows.map(([code]) => code));
  for (const [code, { status, type, when, fix }] of rows) {
    expect(status, code).toBeGreaterThanOrEqual(400);
    expect(
      contract.components.schemas["ErrorResponse"]?.properties?.["error"]?.properties?.["type"]?.enum,
      code,
    ).toContain(type);
    expect([when, fix].join(" "), code).toMatch(/^\S.*\.$/s);
  }
});
