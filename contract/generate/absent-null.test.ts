import { expect, test } from "vitest";
import { allowAbsentNulls } from "./absent-null.ts";
import type { JsonSchema, OpenApi } from "./document.ts";

function publish(schemas: Record<string, JsonSchema>): Record<string, JsonSchema> {
  const document: OpenApi = { openapi: "3.2.0", info: {}, paths: {}, components: { schemas } };
  return allowAbsentNulls(document).components.schemas;
}

const leaf: JsonSchema = { type: "object", properties: { c: { type: "boolean" } } };
const schemas = {
  Root: {
    type: "object",
    "x-null-absent": true,
    required: ["must"],
    properties: {
      must: { type: "string" },
      may: { type: "string", enum: ["a"] },
      some: { type: ["string", "integer"] },
      null: { type: ["string", "null"] },
      type: { $ref: "#/components/schemas/Leaf", description: "d" },
      either: { oneOf: [{ type: "string" }, { $ref: "#/components/schemas/Leaf" }] },
      inner: { type: "object", properties: { properties: { type: "array", items: { type: "string" } } } },
      any: {},
    },
  },
  Leaf: leaf,
  Other: leaf,
} satisfies Record<string, JsonSchema>;

test("optional properties may be null in a schema that says so, and in those it refers to", () => {
  const nothing = { type: "null" };
  const nullable = { type: "object", properties: { c: { type: ["boolean", "null"] } } };
  expect(publish(schemas)).toEqual({
    Root: {
      type: "object",
      "x-null-absent": true,
      required: ["must"],
      properties: {
        must: { type: "string" },
        may: { type: ["string", "null"], enum: ["a", null] },
        some: { type: ["string", "integer", "null"] },
        null: { type: ["string", "null"] },
        type: { description: "d", oneOf: [{ $ref: "#/components/schemas/Leaf" }, nothing] },
        either: { oneOf: [{ type: "string" }, { $ref: "#/components/schemas/Leaf" }, nothing] },
        inner: {
          type: ["object", "null"],
          properties: { properties: { type: ["array", "null"], items: { type: "string" } } },
        },
        any: {},
      },
    },
    Leaf: nullable,
    Other: leaf,
  });
  expect(schemas.Leaf).toEqual({ type: "object", properties: { c: { type: "boolean" } } });
});
