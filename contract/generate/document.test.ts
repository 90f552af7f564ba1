import { expect, test } from "vitest";
import { listOperations, type OpenApi, toSchemaName } from "./document.ts";

function makeDocument(reference: string): OpenApi {
  const operation = {
    operationId: "readA",
    parameters: [{ $ref: "#/components/parameters/P" }, { name: "q", in: "query", schema: {} }],
    responses: { "200": { $ref: reference } },
  };
  const document = {
    openapi: "3.1.0",
    info: {},
    paths: { "/a": { get: operation, post: { operationId: "writeA", responses: {} } } },
    components: {
      schemas: {},
      parameters: { P: { name: "p", in: "header", schema: { type: "string" } } },
      headers: { H: { required: true, schema: { type: "string" } } },
      responses: { R: { description: "r", headers: { h: { $ref: "#/components/headers/H" } } } },
    },
  };
  return document as unknown as OpenApi;
}

test("operations come with their parameters, responses and headers at hand", () => {
  const [read, write] = listOperations(makeDocument("#/components/responses/R"));
  expect(read).toMatchObject({
    path: "/a",
    method: "GET",
    operation: {
      parameters: [{ name: "p", in: "header" }, { name: "q" }],
      responses: { "200": { description: "r", headers: { h: { required: true } } } },
    },
  });
  expect(write).toMatchObject({ method: "POST", operation: { parameters: [], responses: {} } });
});

test("a reference to nothing stops the generator", () => {
  const reference = "#/components/responses/Nowhere";
  expect(() => listOperations(makeDocument(reference))).toThrow(`${reference} points at nothing`);
});

test("a reference is named after its last part, a schema in place after nothing", () => {
  expect(toSchemaName({ $ref: "#/components/schemas/Model" })).toBe("Model");
  expect(toSchemaName({ type: "string" })).toBeUndefined();
});
